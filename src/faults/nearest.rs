//! The known name that somebody may have meant.

/// `; did you mean …?` for the nearest of `known`, or nothing when none is near.
///
/// Near is an edit distance of at most a third of the word, or of one; what a word of three letters or more begins is near
/// too.
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
    let is_begun =
        |name: &str| wanted.len() >= 3 && name.to_ascii_lowercase().chars().zip(&wanted).all(|(a, b)| a == *b);
    known
        .into_iter()
        .map(|name| {
            (if is_begun(name) && name.len() > wanted.len() { furthest } else { distance(&wanted, name) }, name)
        })
        .filter(|(distance, _)| *distance <= furthest)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edits (insert, delete, replace one letter, swap two neighbours) that lead from one word to the other, whatever their
/// case.
fn distance(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    // `rows[i][j]` is the distance between the first i letters of `to` and the first j of `from`.
    let mut rows: Vec<Vec<usize>> = vec![(0..=from.len()).collect()];
    for i in 1..=to.len() {
        let mut row = vec![i];
        for j in 1..=from.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(to[i - 1] != from[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && to[i - 1] == from[j - 2] && to[i - 2] == from[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[to.len()][from.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_if_it_is_near() {
        let known = ["repository", "region", "tag", "PutImage"];
        for (word, expected) in [
            ("repositry", Some("repository")),
            ("repo", Some("repository")),
            ("Tag", Some("tag")),
            ("putimage", Some("PutImage")),
            ("tga", Some("tag")),
            ("tagag", None),
            ("zzzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
