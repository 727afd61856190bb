//! Which steps of the approval an import takes.

use super::job::Stage;
use crate::domain::status::ProductStatus::{self, Approved, Draft, InReview, Submitted};
use platform::UserError;

/// The states through which what is under review goes. `open` is where it stands; nothing is open of a product whose
/// approved content is its last one. The same rules as for one product at a time: a change makes a draft of it again,
/// unless staff is just looking at it.
pub fn steps(
    open: Option<ProductStatus>,
    changed: bool,
    stage: Stage,
) -> Result<Vec<ProductStatus>, UserError> {
    let mut steps = Vec::new();
    let mut at = match (open, changed) {
        (None, false) => return Ok(steps),
        (None, true) => Draft,
        (Some(status), false) => status,
        (Some(status), true) => {
            if status.step(Draft)? {
                steps.push(Draft);
            }
            Draft
        }
    };
    let way: &[ProductStatus] = match stage {
        Stage::Draft => &[],
        Stage::Submit => &[Submitted],
        Stage::Approve | Stage::Publish => &[Submitted, InReview, Approved],
    };
    for next in way {
        if at.allowed().contains(next) {
            steps.push(*next);
            at = *next;
        }
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::status::ProductStatus::{Archived, ChangesRequested, Rejected};

    #[test]
    fn every_state_and_stage() {
        let cases = [
            (None, false, Stage::Publish, Some(vec![])),
            (None, true, Stage::Draft, Some(vec![])),
            (None, true, Stage::Submit, Some(vec![Submitted])),
            (
                None,
                true,
                Stage::Approve,
                Some(vec![Submitted, InReview, Approved]),
            ),
            (Some(Draft), false, Stage::Draft, Some(vec![])),
            (Some(Draft), false, Stage::Submit, Some(vec![Submitted])),
            (Some(Submitted), false, Stage::Submit, Some(vec![])),
            (Some(Submitted), true, Stage::Submit, Some(vec![Draft, Submitted])),
            (
                Some(Submitted),
                false,
                Stage::Publish,
                Some(vec![InReview, Approved]),
            ),
            (Some(InReview), false, Stage::Submit, Some(vec![])),
            (Some(InReview), true, Stage::Submit, None),
            (Some(ChangesRequested), false, Stage::Submit, Some(vec![])),
            (
                Some(ChangesRequested),
                true,
                Stage::Submit,
                Some(vec![Draft, Submitted]),
            ),
            (Some(Rejected), false, Stage::Approve, Some(vec![])),
            (Some(Archived), true, Stage::Draft, None),
        ];
        for (open, changed, stage, expected) in cases {
            assert_eq!(
                steps(open, changed, stage).ok(),
                expected,
                "{open:?} {changed} {stage:?}"
            );
        }
    }
}
