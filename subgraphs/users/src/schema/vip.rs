//! VIP membership and benefits.

use crate::{
    domain::vip::{VipTier, to_next},
    schema::{
        customer::Customer,
        load_many,
        loaders::{Benefits, SpendOf, Thresholds},
    },
};
use async_graphql::{ComplexObject, Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Currency, Error, Money,
    ids::{CustomerId, VipBenefitId},
};

/// The tier of a customer.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct VipMembership {
    #[graphql(skip)]
    customer: CustomerId,
    #[graphql(skip)]
    currency: Option<Currency>,
    /// Current tier.
    tier: VipTier,
    /// VIP since.
    since: DateTime<Utc>,
    /// End of the membership year. Until then the tier can only rise; then the spend of that year decides.
    renews_at: Option<DateTime<Utc>>,
}

impl VipMembership {
    pub fn of(customer: &Customer) -> Option<Self> {
        Some(Self {
            customer: customer.id,
            currency: customer.currency,
            tier: customer.tier?,
            since: customer.vip_since?,
            renews_at: customer.vip_renews_at,
        })
    }

    /// Spend in the preferred currency, else in the one spent most, else nothing in pounds.
    async fn spend(&self, ctx: &Context<'_>) -> Result<Money, Error> {
        let spend: Vec<(String, i64)> = load_many(ctx, SpendOf(self.customer)).await?;
        let find = |currency: &Currency| spend.iter().find(|(code, _)| code == currency.as_str());
        let preferred = self
            .currency
            .map(|currency| Money::new(find(&currency).map_or(0, |(_, n)| *n), currency));
        let most = || {
            spend
                .first()
                .and_then(|(code, n)| Some(Money::new(*n, Currency::parse(code)?)))
        };
        Ok(preferred.or_else(most).unwrap_or(Money::zero(Currency::GBP)))
    }
}

#[ComplexObject]
impl VipMembership {
    /// Spend of the last membership year (365 days), less refunds, in one currency: the preferred one, else the one
    /// spent most.
    async fn qualifying_spend(&self, ctx: &Context<'_>) -> Result<Money, Error> {
        self.spend(ctx).await
    }

    /// What is missing to the next tier; null at the top, or if there are no tiers in that currency.
    async fn spend_to_next_tier(&self, ctx: &Context<'_>) -> Option<Result<Money, Error>> {
        let missing = async {
            let spend = self.spend(ctx).await?;
            let thresholds = load_many(ctx, Thresholds(())).await?;
            let missing = to_next(&thresholds, self.tier, spend.currency.as_str(), spend.amount());
            Ok(missing.map(|amount| Money::new(amount, spend.currency)))
        };
        missing.await.transpose()
    }

    /// Benefits of this tier and of those below.
    async fn benefits(&self, ctx: &Context<'_>) -> Result<Vec<VipBenefit>, Error> {
        let all: Vec<VipBenefit> = load_many(ctx, Benefits(())).await?;
        Ok(all
            .into_iter()
            .filter(|benefit| benefit.tier <= self.tier)
            .collect())
    }
}

/// What a tier brings.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct VipBenefit {
    /// Opaque ID.
    pub id: VipBenefitId,
    /// Stable name for programs.
    pub code: String,
    /// Lowest tier that has it.
    pub tier: VipTier,
    /// Name for people.
    pub title: String,
    /// What kind of benefit, such as `POINTS_MULTIPLIER`.
    pub kind: String,
    /// Size in basis points (1/100 of a percent), where it has one.
    pub value_basis_points: Option<i32>,
    #[graphql(skip)]
    pub value_amount: Option<i64>,
    #[graphql(skip)]
    pub value_currency: Option<String>,
    /// Whether it is granted now.
    pub active: bool,
}

#[ComplexObject]
impl VipBenefit {
    /// Size as money, where it has one.
    async fn value_money(&self) -> Option<Money> {
        let currency = Currency::parse(self.value_currency.as_deref()?)?;
        Some(Money::new(self.value_amount?, currency))
    }
}
