//! Mails: built by lettre, which encodes headers, and handed to an SMTP server or written into a folder.

use crate::domain::template::{html, one_line};
use anyhow::Context;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType},
    },
};
use platform::ids::DeliveryId;
use std::{path::PathBuf, time::Duration};

/// Where mails go.
#[derive(Debug, Clone)]
pub enum Mail {
    /// One `.eml` file each in this folder, named by the delivery: a second try replaces the first.
    Directory(PathBuf),
    /// `smtp://`, `smtps://` or `smtp://…?tls=required`, with user and password if the server wants them.
    Smtp { url: String },
}

/// Somebody's address; not stored.
#[derive(Debug, Clone)]
pub struct Reader {
    pub email: String,
    pub name: Option<String>,
}

/// Why a mail was not sent.
#[derive(Debug)]
pub struct Refused {
    /// Another try would end the same.
    pub permanent: bool,
    pub cause: String,
}

/// The way out, opened once.
#[derive(Clone)]
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
}

#[derive(Clone)]
enum Transport {
    Directory(PathBuf),
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

impl Mailer {
    pub fn new(mail: &Mail, from: &str) -> anyhow::Result<Self> {
        let transport = match mail {
            Mail::Directory(path) => Transport::Directory(path.clone()),
            Mail::Smtp { url } => {
                let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
                    .context("the SMTP URL is not valid")?;
                Transport::Smtp(builder.timeout(Some(Duration::from_secs(20))).build())
            }
        };
        let from = from.parse().context("the sender is not a mail address")?;
        Ok(Self { from, transport })
    }

    /// Name of the way, for `Delivery.provider`.
    pub fn provider(&self) -> &'static str {
        match self.transport {
            Transport::Directory(_) => "directory",
            Transport::Smtp(_) => "smtp",
        }
    }

    /// The same for every try of a delivery, so that a reader's server can drop a second copy.
    pub fn message_id(&self, id: DeliveryId) -> String {
        format!("<{id}@{}>", self.from.email.domain())
    }

    /// Sends one mail.
    pub async fn send(&self, id: DeliveryId, to: &Reader, subject: &str, text: &str) -> Result<(), Refused> {
        let message = self.compose(id, to, subject, text).map_err(|error| Refused {
            permanent: true,
            cause: format!("{error:#}"),
        })?;
        match &self.transport {
            Transport::Directory(folder) => {
                let written = write(folder, id, message.formatted()).await;
                written.map_err(|error| Refused {
                    permanent: false,
                    cause: error.to_string(),
                })
            }
            Transport::Smtp(smtp) => match smtp.send(message).await {
                Ok(_) => Ok(()),
                Err(error) => Err(Refused {
                    permanent: error.is_permanent(),
                    cause: error.to_string(),
                }),
            },
        }
    }

    fn compose(&self, id: DeliveryId, to: &Reader, subject: &str, text: &str) -> anyhow::Result<Message> {
        let address: Address = to.email.parse().context("not a mail address")?;
        let name = to.name.as_deref().map(one_line).filter(|name| !name.is_empty());
        let message = Message::builder()
            .message_id(Some(self.message_id(id)))
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(one_line(subject))
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, text))
                    .singlepart(part(ContentType::TEXT_HTML, &html(text)?)),
            )?;
        Ok(message)
    }
}

/// Plain ASCII stays readable as it is, also in long lines such as links; everything else is encoded.
fn part(content_type: ContentType, text: &str) -> SinglePart {
    let lines: Vec<&str> = text.lines().collect();
    // RFC 5322: at most 998 characters in a line.
    let plain = lines
        .iter()
        .all(|line| line.len() <= 998 && line.bytes().all(|b| (b' '..=b'~').contains(&b) || b == b'\t'));
    let body = match plain {
        true => {
            Body::dangerous_pre_encoded(lines.join("\r\n").into_bytes(), ContentTransferEncoding::SevenBit)
        }
        false => Body::new(text.to_owned()),
    };
    SinglePart::builder().header(content_type).body(body)
}

/// Whoever reads the folder never sees half a mail.
async fn write(folder: &PathBuf, id: DeliveryId, mail: Vec<u8>) -> std::io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let (draft, finished) = (
        folder.join(format!(".{id}.tmp")),
        folder.join(format!("{id}.eml")),
    );
    tokio::fs::write(&draft, mail).await?;
    tokio::fs::rename(&draft, &finished).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(folder: PathBuf) -> Mailer {
        Mailer::new(&Mail::Directory(folder), "Agora <shop@agora.example>").unwrap()
    }

    #[tokio::test]
    async fn a_second_try_replaces_the_first_and_headers_cannot_be_injected() {
        let folder = std::env::temp_dir().join(DeliveryId::new().to_string());
        let (mailer, id) = (mailer(folder.clone()), DeliveryId::new());
        let to = Reader {
            email: "ann@example.org".into(),
            name: Some("Ann\r\nBcc: evil@example.org".into()),
        };
        let link = format!("https://shop.example/activate?token={}", "x".repeat(300));
        let text = format!("Hello\n\n{link}");
        for _ in 0..2 {
            mailer
                .send(id, &to, "Hi\r\nBcc: evil@example.org", &text)
                .await
                .unwrap();
        }
        let mails: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
        assert_eq!(mails.len(), 1);
        let mail = std::fs::read_to_string(folder.join(format!("{id}.eml"))).unwrap();
        assert!(
            mail.contains(&format!("Message-ID: <{id}@agora.example>")),
            "{mail}"
        );
        assert!(mail.contains(&link), "a long link stays in one line");
        assert!(
            !mail.lines().any(|line| line.to_lowercase().starts_with("bcc")),
            "{mail}"
        );
    }

    #[tokio::test]
    async fn bad_addresses_are_permanent() {
        let mailer = mailer(std::env::temp_dir());
        for email in ["", "nobody", "a@b\r\nBcc: c@d", "a@b, c@d"] {
            let to = Reader {
                email: email.into(),
                name: None,
            };
            let refused = mailer.send(DeliveryId::new(), &to, "s", "t").await.unwrap_err();
            assert!(refused.permanent, "{email}");
        }
    }
}
