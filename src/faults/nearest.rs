//! The known name that somebody may have meant.

/// `; did you mean …?` for the nearest of `known`, or nothing when none is near.
///
/// Near is an edit distance of at most a third of the word, and of at least one.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(word, known) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => String::new(),
    }
}

fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = word.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    // A longer word than any name has nothing near, and would cost time.
    if wanted.len() > 64 {
        return None;
    }
    let furthest = (wanted.len() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(&wanted, name), name))
        .filter(|(distance, _)| *distance <= furthest)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edits (insert, delete, replace one letter) that lead from one word to the other, whatever their case.
fn distance(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (line, wanted) in to.chars().map(|letter| letter.to_ascii_lowercase()).enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, letter) in from.iter().enumerate() {
            let replaced = diagonal + usize::from(*letter != wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[from.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_if_it_is_near() {
        let known = ["repository", "region", "tag", "PutImage"];
        for (word, expected) in [
            ("repositry", Some("repository")),
            ("Tag", Some("tag")),
            ("putimage", Some("PutImage")),
            ("tga", None),
            ("zzzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
