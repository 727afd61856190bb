//! What the catalogue knows about people: their reviews, votes, wishlists and what they bought.

use platform::privacy::{Document, Person, PersonalData};
use sqlx::PgConnection;

pub struct Privacy;

impl PersonalData for Privacy {
    async fn export(db: &mut PgConnection, person: &Person) -> sqlx::Result<Vec<Document>> {
        sqlx::query_as!(
            Document,
            r#"with my_lists as materialized (select * from products.wishlists where customer_id = any($1))
            select 'purchases' as "name!", coalesce(jsonb_agg(to_jsonb(p)), '[]') as "content!"
            from products.purchases p where p.customer_id = any($1)
            union all select 'reviews', coalesce(jsonb_agg(to_jsonb(r)), '[]')
            from products.reviews r where r.customer_id = any($1)
            union all select 'review_votes', coalesce(jsonb_agg(to_jsonb(v)), '[]')
            from products.review_votes v where v.customer_id = any($1)
            union all select 'wishlists', coalesce(jsonb_agg(to_jsonb(w)), '[]') from my_lists w
            union all select 'wishlist_items', coalesce(jsonb_agg(to_jsonb(i)), '[]')
            from products.wishlist_items i join my_lists w on w.id = i.wishlist_id
            union all select 'approvals', coalesce(jsonb_agg(to_jsonb(e)), '[]')
            from products.approval_events e where e.by_user = $2
            union all select 'catalog_imports', coalesce(jsonb_agg(to_jsonb(i) - 'carry'), '[]')
            from products.catalog_imports i where i.created_by = $2
            union all select 'media', coalesce(jsonb_agg(to_jsonb(m)), '[]')
            from products.media m where m.uploaded_by = $2"#,
            &person.customers(),
            person.user()
        )
        .fetch_all(db)
        .await
    }

    async fn waits_for(_: &mut PgConnection, _: &Person) -> sqlx::Result<Option<String>> {
        Ok(None)
    }

    /// Of a review its stars stay, so that the product's rating does.
    async fn erase(db: &mut PgConnection, person: &Person) -> sqlx::Result<()> {
        let customers = person.customers();
        sqlx::query!(
            "update products.reviews set title = null, body = null, vendor_reply = null, moderation_reason = null,
                author_name = null
            where customer_id = any($1)",
            &customers
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "with taken as (delete from products.review_votes where customer_id = any($1) returning review_id),
            counted as (select review_id, count(*)::int as votes from taken group by review_id)
            update products.reviews r set helpful_count = greatest(0, helpful_count - votes)
            from counted where r.id = counted.review_id",
            &customers
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "with mine as materialized (select id from products.wishlists where customer_id = any($1)),
            items as (delete from products.wishlist_items i using mine where i.wishlist_id = mine.id)
            delete from products.wishlists w using mine where w.id = mine.id",
            &customers
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "delete from products.purchases where customer_id = any($1)",
            &customers
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// Nothing here grows old: a review and a wishlist are kept until their owner or an erasure removes them.
    async fn purge(_: &mut PgConnection) -> sqlx::Result<()> {
        Ok(())
    }
}
