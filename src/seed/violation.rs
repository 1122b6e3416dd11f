//! What is wrong with documents: every refused member with its path, so that one attempt shows all mistakes.

use std::cell::RefCell;
use std::fmt;

/// A member of a document that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Violation {
    /// Where, in names of the proto: `documents[2].repository.images[0].layers`.
    pub path: String,
    /// Why, as the end of a sentence that begins with the member.
    pub message: String,
}

/// A place in the documents and the list that refusals there go to. Cheap to go deeper: the text of a path is made only
/// when something is refused.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    violations: &'a RefCell<Vec<Violation>>,
    parent: Option<&'a Place<'a>>,
    name: &'static str,
    index: Option<usize>,
}

impl<'a> Place<'a> {
    /// The member of the outermost message that is the element `index` of the list `name`.
    pub(super) fn outermost(violations: &'a RefCell<Vec<Violation>>, name: &'static str, index: usize) -> Self {
        Self { violations, parent: None, name, index: Some(index) }
    }

    /// The member `name` of the outermost message.
    pub(super) fn root(violations: &'a RefCell<Vec<Violation>>, name: &'static str) -> Self {
        Self { violations, parent: None, name, index: None }
    }

    /// The member `name` of this place.
    pub(super) fn member(&'a self, name: &'static str) -> Self {
        Self { violations: self.violations, parent: Some(self), name, index: None }
    }

    /// The element `index` of the list `name` of this place.
    pub(super) fn element(&'a self, name: &'static str, index: usize) -> Self {
        Self { index: Some(index), ..self.member(name) }
    }

    /// Notes that this place is refused.
    pub(super) fn refuse(&self, message: impl fmt::Display) {
        self.violations.borrow_mut().push(Violation { path: self.to_string(), message: message.to_string() });
    }

    /// The value, or none and a note of the error.
    pub(super) fn accept<T, E: fmt::Display>(&self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.refuse(error)).ok()
    }

    /// The accepted elements of the list `name`. Goes on after a refused one, so that each is noted.
    pub(super) fn each<T, U>(
        &'a self,
        name: &'static str,
        items: &[T],
        mut check: impl FnMut(&T, &Place<'_>) -> Option<U>,
    ) -> Vec<U> {
        let elements = items.iter().enumerate();
        elements.filter_map(|(index, item)| check(item, &self.element(name, index))).collect()
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name)?;
        self.index.iter().try_for_each(|index| write!(f, "[{index}]"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_members_and_indices_from_the_outside_in() {
        let violations = RefCell::default();
        let document = Place::outermost(&violations, "documents", 2);
        let repository = document.member("repository");
        let image = repository.element("images", 0);
        image.member("layers").refuse("is wrong");
        assert_eq!(
            violations.into_inner(),
            [Violation { path: "documents[2].repository.images[0].layers".to_owned(), message: "is wrong".to_owned() }]
        );
    }
}
