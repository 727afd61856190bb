//! A list of words that may be left out of an input, and is empty then.

use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, OutputType, Positioned, ServerResult,
    Value, parser::types::Field, registry::Registry,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// `[String!]` in an input, where null is the empty list, and `[String!]!` in an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(pub Vec<String>);

type Given = Option<Vec<String>>;

impl InputType for Words {
    type RawValueType = <Given as InputType>::RawValueType;

    fn type_name() -> Cow<'static, str> {
        <Given as InputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Given as InputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Given as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let given = Given::parse(value).map_err(InputValueError::propagate)?;
        Ok(Self(given.unwrap_or_default()))
    }

    fn to_value(&self) -> Value {
        InputType::to_value(&self.0)
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        self.0.as_raw_value()
    }
}

impl OutputType for Words {
    fn type_name() -> Cow<'static, str> {
        <Vec<String> as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Vec<String> as OutputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<String> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        OutputType::resolve(&self.0, ctx, field).await
    }
}
