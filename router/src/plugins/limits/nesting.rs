//! How deep the JSON of variables and extensions is nested.
//!
//! Hive reads and walks any depth by recursion: a body of 40 KiB, nothing but brackets, would overflow the stack of a
//! worker. So the bytes of a body are looked at before they are read, and whatever came another way (a URL, a
//! WebSocket, whose size fits the stack) when it is read.

use std::collections::HashMap;

use hive_router::plugins::hooks::on_graphql_params::GraphQLParams;
use hive_router::sonic_rs::{JsonContainerTrait, Value};

/// Whether a value among the variables or the extensions has more than `allowed` levels.
pub fn too_deep(params: &GraphQLParams, allowed: usize) -> bool {
    let extensions = params.extensions.iter().flat_map(HashMap::values);
    let mut open: Vec<(&Value, usize)> = params
        .variables
        .values()
        .chain(extensions)
        .map(|value| (value, 1))
        .collect();
    // Not by recursion either.
    while let Some((value, level)) = open.pop() {
        if let Some(array) = value.as_array() {
            open.extend(array.iter().map(|item| (item, level + 1)));
        } else if let Some(object) = value.as_object() {
            open.extend(object.iter().map(|(_, item)| (item, level + 1)));
        } else {
            continue;
        }
        if level > allowed {
            return true;
        }
    }
    false
}

/// The same for JSON that is not read yet: the request itself and the two objects in it are two levels more.
pub fn bytes_too_deep(json: &[u8], allowed: usize) -> bool {
    let (mut level, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => level += 1,
            b']' | b'}' if !quoted => level = level.saturating_sub(1),
            _ => continue,
        }
        if level > allowed + 2 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_router::sonic_rs::from_str;

    fn refused(variables: &str, extensions: &str) -> bool {
        let params = GraphQLParams {
            variables: from_str(variables).unwrap(),
            extensions: from_str(extensions).unwrap(),
            ..GraphQLParams::default()
        };
        too_deep(&params, 3)
    }

    #[test]
    fn levels_are_counted_everywhere() {
        assert!(!refused(
            r#"{"a": [[[1]]], "b": {"c": {"d": {"e": 1}}}, "f": 2}"#,
            "{}"
        ));
        assert!(refused(r#"{"a": 1, "b": [1, [[[]]]]}"#, "{}"));
        assert!(refused(r#"{"a": {"b": [{"c": {}}]}}"#, "{}"));
        assert!(refused("{}", r#"{"a": [[[[1]]]]}"#));
    }

    #[test]
    fn bytes_are_counted_outside_of_strings() {
        let body = |value: &str| format!(r#"{{"query": "{{ a {{ b }} }}", "variables": {{"a": {value}}}}}"#);
        for good in [
            "[[[1]]]",
            r#"[[["]"]]]"#,
            r#"["[[[[", "\\\"[[[[[", [[]], {"}": {}}]"#,
        ] {
            assert!(!bytes_too_deep(body(good).as_bytes(), 3), "{good}");
        }
        for bad in ["[[[[1]]]]", r#"{"a": [{"\\": [1]}]}"#, r#"["\"", [[[]]]]"#] {
            assert!(bytes_too_deep(body(bad).as_bytes(), 3), "{bad}");
        }
        assert!(bytes_too_deep("[".repeat(100_000).as_bytes(), 16));
    }
}
