//! Reading what is there, and nothing else.

use super::*;

#[tokio::test]
async fn public_files_are_safe_to_show_and_to_cache() {
    let storage = storage().unwrap();
    for (name, content_type, shown) in [
        ("public/a.webp", "image/webp", "inline"),
        ("public/a.svg", "application/octet-stream", "attachment"),
        ("public/a.html", "application/octet-stream", "attachment"),
    ] {
        storage.put(&key(name), b"0123456789".to_vec()).await.unwrap();
        let response = get(&storage, &storage.public_url(&key(name))).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), content_type);
        assert!(header("content-disposition").starts_with(shown));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").contains("sandbox"));
        assert!(header("cache-control").contains("immutable"));
        assert_eq!(header("content-length"), "10");
    }
}

#[tokio::test]
async fn ranges_and_repeated_requests() {
    let storage = storage().unwrap();
    storage
        .put(&key("public/a.mp4"), b"0123456789".to_vec())
        .await
        .unwrap();
    let ask = |name: header::HeaderName, value: &str| {
        let request = Request::get("/media/public/a.mp4")
            .header(name, value)
            .body(Body::empty());
        send(&storage, request.unwrap())
    };
    for (range, bytes, content_range) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=8-", "89", "bytes 8-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=5-500", "56789", "bytes 5-9/10"),
    ] {
        let response = ask(header::RANGE, range).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(response.headers()[header::CONTENT_RANGE], content_range);
        assert_eq!(body(response).await, bytes);
    }
    let outside = ask(header::RANGE, "bytes=10-").await;
    assert_eq!(outside.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(outside.headers()[header::CONTENT_RANGE], "bytes */10");
    for whole in ["bytes=5-2", "lines=1-2", "bytes=0-1,3-4", "bytes=-"] {
        assert_eq!(
            ask(header::RANGE, whole).await.status(),
            StatusCode::OK,
            "{whole}"
        );
    }
    let tag = get(&storage, "/media/public/a.mp4").await.headers()[header::ETAG].clone();
    let again = ask(header::IF_NONE_MATCH, tag.to_str().unwrap()).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let head = Request::head("/media/public/a.mp4").body(Body::empty()).unwrap();
    let head = send(&storage, head).await;
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "10");
    assert_eq!(body(head).await, "");
}

#[tokio::test]
async fn no_name_leads_out_of_the_store() {
    let storage = storage().unwrap();
    for path in [
        "/media/../secrets.json",
        "/media/public/../../secrets.json",
        "/media/public/%2e%2e/%2e%2e/secrets.json",
        "/media/public%2f..%2f..%2fsecrets.json",
        "/media/public/a%00.webp",
        "/media/public//etc/passwd",
        "/media//etc/passwd",
        "/media/public/a%5c..%5cb",
        "/media/",
    ] {
        assert_eq!(
            get(&storage, path).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
        let put = Request::builder()
            .method(Method::PUT)
            .uri(path)
            .body(Body::empty());
        assert_eq!(
            send(&storage, put.unwrap()).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_bucket_signs_uploads_itself_with_their_type() {
    let storage = storage_in_s3("https://s3.test", ("key", "secret")).unwrap();
    let file = key("uploads/a");
    let url = storage
        .put_url(&file, "image/png", Size::Exactly(4), 900)
        .await
        .unwrap();
    for part in [
        "https://s3.test/shop/uploads/a?",
        "X-Amz-Expires=900",
        "X-Amz-Signature=",
        "content-type%3Bhost",
    ] {
        assert!(url.contains(part), "{part} {url}");
    }
    let url = storage.get_url(&file, 60).await.unwrap();
    assert!(url.contains("X-Amz-Expires=60"), "{url}");
}

#[test]
fn a_store_is_named_by_a_url() {
    let open = |url: &str| {
        Storage::open(&Settings {
            url: url.to_owned(),
            public_url: HOST.to_owned(),
            service_key: ServiceKey::new("test"),
        })
    };
    for bad in [
        "ftp://host/x",
        "file://relative",
        "s3://",
        "s3://bucket?colour=red",
        "s3://bucket/?x=1",
    ] {
        assert!(open(bad).is_err(), "{bad}");
    }
    assert!(open("s3://bucket?region=eu-central-1&endpoint=http://127.0.0.1:8333").is_ok());
}
