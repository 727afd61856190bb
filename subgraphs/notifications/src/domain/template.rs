//! Templates are Jinja texts. Titles and mails are plain text; a mail's HTML part is made from its text, so that no
//! template can forget to escape.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context, value::Serde};
use platform::Language;
use serde::Serialize;
use uuid::Uuid;

use super::types::{Channel, NotificationCategory};

/// Instructions one rendering may take: a template with an endless loop is an error, not an outage.
const FUEL: u64 = 50_000;

/// The page around a mail; everything variable in it is escaped.
const HTML: &str = "<!doctype html>\n<html><body style=\"font-family: sans-serif; max-width: 40em\">\n\
{% for paragraph in paragraphs %}<p>{% for part in paragraph %}{% if part.link %}<a href=\"{{ part.text }}\">{{ part.text }}</a>\
{% elif part.break %}<br>\n{% else %}{{ part.text }}{% endif %}{% endfor %}</p>\n{% endfor %}</body></html>\n";

/// A stored template.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Template {
    pub id: Uuid,
    pub code: String,
    pub category: NotificationCategory,
    pub channel: Channel,
    pub locale: Language,
    pub subject: Option<String>,
    pub body_template: String,
    pub variables: Vec<String>,
    pub revision: i32,
    pub active: bool,
}

/// A message in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub title: String,
    pub body: String,
}

fn environment<'a>(escape: bool) -> Environment<'a> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(move |_| {
        if escape {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_fuel(Some(FUEL));
    environment
}

/// The template's words for these variables; unknown ones are empty.
pub fn render(template: &Template, variables: &impl Serialize) -> Result<Rendered, minijinja::Error> {
    let environment = environment(false);
    let variables = Value::from(Serde(variables));
    let title = environment.render_str(
        template.subject.as_deref().unwrap_or(&template.code),
        variables.clone(),
    )?;
    let body = environment.render_str(&template.body_template, variables)?;
    Ok(Rendered {
        title: one_line(&title),
        body,
    })
}

/// Names a template uses; an error if it is not a template.
pub fn variables(subject: Option<&str>, body: &str) -> Result<Vec<String>, minijinja::Error> {
    let environment = environment(false);
    let mut names = std::collections::BTreeSet::new();
    for text in subject.into_iter().chain([body]) {
        names.extend(environment.template_from_str(text)?.undeclared_variables(false));
    }
    Ok(names.into_iter().collect())
}

/// The best template for a reader: their locale, its language, English.
pub fn best<'a>(
    templates: &'a [Template],
    code: &str,
    channel: Channel,
    locale: &Language,
) -> Option<&'a Template> {
    let language = locale.as_str().split('-').next().unwrap_or("en");
    [locale.as_str(), language, "en"].into_iter().find_map(|wanted| {
        templates
            .iter()
            .find(|t| t.active && t.code == code && t.channel == channel && t.locale.as_str() == wanted)
    })
}

/// Characters a header value may have: what mail programs show of it is less.
const ONE_LINE_MAX: usize = 300;

/// Header values have one line that ends, and whose parts stand in their order, whatever a variable holds.
pub fn one_line(text: &str) -> String {
    let line = platform::text::plain(text)
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    line.chars().take(ONE_LINE_MAX).collect()
}

/// The HTML of a plain text: paragraphs, line breaks, and links for bare URLs.
pub fn html(text: &str) -> Result<String, minijinja::Error> {
    let paragraphs: Vec<Vec<Value>> = text
        .split("\n\n")
        .filter(|p| !p.trim().is_empty())
        .map(paragraph)
        .collect();
    environment(true).render_str(HTML, context! { paragraphs })
}

fn paragraph(text: &str) -> Vec<Value> {
    let mut parts = Vec::new();
    for (number, line) in text.trim().lines().enumerate() {
        if number > 0 {
            parts.push(context! { break => true });
        }
        for word in line.split_inclusive(' ') {
            let link = word.starts_with("https://") || word.starts_with("http://");
            parts.push(context! { text => if link { word.trim_end() } else { word }, link });
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(locale: &str, subject: &str, body: &str) -> Template {
        Template {
            id: Uuid::nil(),
            code: "a".into(),
            category: NotificationCategory::Order,
            channel: Channel::Email,
            locale: Language::parse(locale).unwrap(),
            subject: Some(subject.into()),
            body_template: body.into(),
            variables: vec![],
            revision: 1,
            active: true,
        }
    }

    #[test]
    fn renders_text_and_knows_its_variables() {
        let template = template("en", "Order {{ n }}", "Hi{% if name %} {{ name }}{% endif %}");
        let seen = render(
            &template,
            &serde_json::json!({"n": "1\r\nBcc: x@y", "name": "<b>"}),
        )
        .unwrap();
        assert_eq!(
            (seen.title.as_str(), seen.body.as_str()),
            ("Order 1 Bcc: x@y", "Hi <b>")
        );
        assert_eq!(
            variables(Some("Order {{ n }}"), "{{ name }}").unwrap(),
            ["n", "name"]
        );
        assert!(variables(None, "{% if %}").is_err());
    }

    #[test]
    fn html_is_escaped_and_has_links() {
        let page = html("Hi <script>\n\nhttps://a.example/?x=1&y=\"2\"\nbye").unwrap();
        assert!(page.contains("Hi &lt;script&gt;") && page.contains("<a href=\"https:&#x2f;&#x2f;a.example"));
        assert!(!page.contains("<script>") && !page.contains("y=\"2\""));
    }

    #[test]
    fn an_endless_template_ends() {
        let endless = template(
            "en",
            "x",
            "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
        );
        assert!(render(&endless, &serde_json::json!({})).is_err());
    }

    #[test]
    fn the_nearest_locale_wins() {
        let all = [template("en", "", ""), template("pt", "", "")];
        let found = |locale: &str| {
            let best = best(&all, "a", Channel::Email, &Language::parse(locale).unwrap());
            best.unwrap().locale.as_str().to_owned()
        };
        assert_eq!((found("pt-BR"), found("de")), ("pt".into(), "en".into()));
    }
}
