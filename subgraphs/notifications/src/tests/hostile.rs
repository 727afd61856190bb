//! Mails of people whose names and words are meant to do something.

use super::*;
use crate::{
    domain::{
        template::{Template, html, render},
        types::{Channel, NotificationCategory},
    },
    mail::Reader,
};
use platform::Language;

const EVIL: [&str; 10] = [
    "Ann\r\nBcc: evil@example.org",
    "Ann\nReply-To: evil@example.org",
    "Ann\u{85}Cc: evil@example.org\u{2028}X: y",
    "Ann\" <evil@example.org>, \"",
    "evil@example.org, ann",
    "<script>alert(1)</script>",
    "</p><img src=x onerror=alert(1)>",
    "{{7*7}}{% for a in range(9) %}x{% endfor %}${7*7}",
    "\u{202e}gro.elpmaxe@live\u{2066}\u{200b}",
    "=?utf-8?q?Bcc=3A_evil=40example.org?=",
];
const HEADERS: [&str; 7] = [
    "message-id",
    "from",
    "to",
    "subject",
    "mime-version",
    "date",
    "content-type",
];

/// Name and value of each header, unfolded.
fn headers(mail: &str) -> Vec<(String, String)> {
    let head = mail
        .split("\r\n\r\n")
        .next()
        .unwrap()
        .replace("\r\n ", " ")
        .replace("\r\n\t", " ");
    let pair = |line: &str| {
        let (name, value) = line
            .split_once(':')
            .unwrap_or_else(|| panic!("{line:?} is no header"));
        (name.to_lowercase(), value.trim().to_owned())
    };
    head.split("\r\n").map(pair).collect()
}

async fn sent(name: &str, subject: &str, text: &str) -> String {
    let (folder, id) = (folder(), DeliveryId::new());
    let to = Reader {
        email: "ann@example.org".into(),
        name: Some(name.into()),
    };
    mailer(&folder).send(id, &to, subject, text).await.unwrap();
    std::fs::read_to_string(folder.join(format!("{id}.eml"))).unwrap()
}

#[tokio::test]
async fn mails_have_our_headers_and_one_recipient() {
    let long = "Ann ".repeat(2_500);
    for evil in EVIL.into_iter().chain([long.as_str()]) {
        let mail = sent(evil, evil, "Hello").await;
        let headers = headers(&mail);
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, HEADERS, "{evil:?}:\n{mail}");
        assert!(headers[1].1.ends_with("<shop@agora.example>") && headers[1].1.matches('@').count() == 1);
        let to: lettre::message::Mailboxes = headers[2]
            .1
            .parse()
            .unwrap_or_else(|e| panic!("{evil:?}: {e}\n{mail}"));
        let to: Vec<_> = to.iter().map(|to| to.email.to_string()).collect();
        assert_eq!(to, ["ann@example.org"], "{evil:?}:\n{mail}");
        assert!(mail.split("\r\n").all(|line| line.len() <= 998), "{evil:?}");
        assert!(mail.len() < 5_000, "{} bytes for {evil:.20?}", mail.len());
    }
}

/// What people write is text in a template: not template, not HTML.
#[test]
fn words_of_people_stay_words() {
    let template = Template {
        id: Uuid::nil(),
        code: "a".into(),
        category: NotificationCategory::Order,
        channel: Channel::Email,
        locale: Language::parse("en").unwrap(),
        subject: Some("For {{ name }}".into()),
        body_template: "Dear {{ name }},\n\n{{ name }}".into(),
        variables: vec![],
        revision: 1,
        active: true,
    };
    for evil in EVIL {
        let rendered = render(&template, &json!({ "name": evil })).unwrap();
        assert_eq!(rendered.body, format!("Dear {evil},\n\n{evil}"));
        assert!(
            rendered
                .title
                .chars()
                .all(|c| !c.is_control() && !platform::text::is_invisible(c))
        );
        let html = html(&rendered.body).unwrap();
        let tags = html
            .split('<')
            .skip(1)
            .map(|rest| rest.split(['>', ' ']).next().unwrap_or_default());
        let ours = [
            "!doctype", "html", "body", "p", "/p", "br", "a", "/a", "/body", "/html",
        ];
        let foreign: Vec<_> = tags.filter(|tag| !ours.contains(tag)).collect();
        assert_eq!(foreign, [""; 0], "{html}");
        assert!(!html.contains("49"), "{html}");
    }
    let link = html("https://a.example/\"onmouseover=alert(1) javascript:alert(1)").unwrap();
    assert!(
        !link.contains("\"onmouseover") && !link.contains("href=\"javascript"),
        "{link}"
    );
}
