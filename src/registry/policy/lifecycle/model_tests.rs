//! Random policies over random images, judged as the user guide reads, image by image and without any cleverness; and
//! random texts.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};

use super::testing::{
    ANY, ARCHIVE, DAY_MICROS, EXPIRE, NOW, Specimen, UNTAGGED, archived, keep, patterns, prefixes, rule, since, text,
};
use super::{Action, CountType, LifecyclePolicy, Role, Rule, Spared, StorageClass, TagCriteria, Verdict, evaluate};
use crate::registry::types::{Tag, Timestamp};

const TAGS: [&str; 7] = ["a", "ab", "abc", "b", "bab", "c-a", "c-b"];
const PREFIXES: [&str; 5] = ["a", "ab", "b", "c-", "x"];
const PATTERNS: [&str; 7] = ["*", "a*", "*b", "*a*b*", "c-*", "abc", "b*b*a"];

/// The tag criteria of a rule, as text.
fn tags() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(ANY.to_owned()),
        Just(UNTAGGED.to_owned()),
        subsequence(PREFIXES.to_vec(), 1..=2).prop_map(|list| prefixes(&list)),
        subsequence(PATTERNS.to_vec(), 1..=2).prop_map(|list| patterns(&list)),
    ]
}

/// A rule, as text. Some make no sense, and many do not go together.
fn any_rule() -> impl Strategy<Value = String> {
    let selection = prop_oneof![
        3 => (0..6_u32).prop_map(keep),
        3 => (1..12_u32).prop_map(|days| since("sinceImagePushed", days)),
        2 => (1..12_u32).prop_map(|days| since("sinceImagePulled", days)),
        2 => (89..100_u32).prop_map(archived),
    ];
    (1..30_u32, tags(), selection, select(vec![EXPIRE, ARCHIVE]))
        .prop_map(|(priority, tags, selection, action)| rule(priority, &tags, &selection, action))
}

/// A policy of as many of some random rules as go together.
fn any_policy() -> impl Strategy<Value = LifecyclePolicy> {
    vec(any_rule(), 1..16).prop_filter_map("no rule makes sense", |rules| {
        let mut taken: Vec<String> = Vec::new();
        let mut policy = None;
        for rule in rules {
            taken.push(rule);
            match LifecyclePolicy::parse(&text(&taken)) {
                Ok(larger) => policy = Some(larger),
                Err(_) => drop(taken.pop()),
            }
        }
        policy
    })
}

/// A time so many hours ago, in steps that make equal times and whole days likely.
fn time(hours: std::ops::Range<i64>) -> impl Strategy<Value = Timestamp> {
    (hours.start / 12..hours.end / 12)
        .prop_map(|halves| Timestamp::from_micros(NOW.as_micros() - halves * DAY_MICROS / 2))
}

fn specimen() -> impl Strategy<Value = Specimen> {
    let role = prop_oneof![6 => Just(Role::Plain), 1 => Just(Role::ChildOfIndex), 1 => Just(Role::Referrer)];
    let storage_class = prop_oneof![3 => Just(StorageClass::Standard), 1 => Just(StorageClass::Archive)];
    (
        subsequence(TAGS.to_vec(), 0..=3),
        time(0..360),
        option::of(time(0..360)),
        storage_class,
        option::of(time(2_000..2_500)),
        option::of(time(0..360)),
        role,
    )
        .prop_map(|(tags, pushed_at, pulled_at, storage_class, archived_at, activated_at, role)| Specimen {
            last_recorded_pull_time: pulled_at,
            storage_class,
            last_archived_at: archived_at,
            last_activated_at: activated_at,
            role,
            ..Specimen::new(0, "", pushed_at, &tags)
        })
}

fn any_images() -> impl Strategy<Value = Vec<Specimen>> {
    vec((any::<u16>(), specimen()), 0..40).prop_map(|images| {
        let numbered = images.into_iter().enumerate().map(|(place, (number, image))| {
            // A random order of digests, none twice.
            let number = u32::from(number) * 64 + u32::try_from(place).expect("few");
            Specimen { digest: Specimen::new(number, "", NOW, &[]).digest, ..image }
        });
        numbered.collect()
    })
}

/// A glob the slow way: a star takes every number of characters in turn.
fn glob(pattern: &[u8], tag: &[u8]) -> bool {
    match pattern.split_first() {
        None => tag.is_empty(),
        Some((b'*', rest)) => (0..=tag.len()).any(|taken| glob(rest, &tag[taken..])),
        Some((first, rest)) => tag.first() == Some(first) && glob(rest, &tag[1..]),
    }
}

fn belongs_to(image: &Specimen, rule: &Rule) -> bool {
    let has = |test: &dyn Fn(&str) -> bool| image.tags.iter().map(Tag::as_str).any(test);
    let meets = match &rule.selection.tags {
        TagCriteria::Any => true,
        TagCriteria::Untagged => image.tags.iter().count() == 0,
        TagCriteria::Prefixes(prefixes) => prefixes.iter().all(|it| has(&|tag| tag.starts_with(it.as_str()))),
        TagCriteria::Patterns(patterns) => {
            patterns.iter().all(|it| has(&|tag| glob(it.as_str().as_bytes(), tag.as_bytes())))
        }
    };
    meets && image.role != Role::Referrer && image.storage_class == rule.selection.storage_class
}

fn age_time(image: &Specimen) -> Timestamp {
    match (image.storage_class, image.last_archived_at, image.last_activated_at) {
        (StorageClass::Archive, Some(time), _) | (StorageClass::Standard, _, Some(time)) => time,
        _ => image.pushed_at,
    }
}

/// Whether a rule, if it were alone, would take one of its images.
fn takes(rule: &Rule, image: &Specimen, images: &[Specimen]) -> bool {
    let number = i64::from(rule.selection.count_number);
    let is_over = |time: Timestamp| NOW.as_micros() - time.as_micros() > number * DAY_MICROS;
    match rule.selection.count_type {
        CountType::ImageCountMoreThan => {
            let key = |image: &Specimen| (age_time(image), image.digest.clone());
            let newer = images.iter().filter(|other| belongs_to(other, rule) && key(other) > key(image));
            i64::try_from(newer.count()).expect("few") >= number
        }
        CountType::SinceImagePushed => is_over(image.pushed_at),
        CountType::SinceImagePulled => match (image.last_recorded_pull_time, image.last_activated_at) {
            (Some(pulled), Some(restored)) => is_over(pulled) && is_over(restored),
            (Some(pulled), None) => is_over(pulled),
            (None, Some(restored)) => is_over(image.pushed_at) && is_over(restored),
            (None, None) => is_over(image.pushed_at),
        },
        CountType::SinceImageTransitioned => image.last_archived_at.is_some_and(is_over),
    }
}

fn naive(policy: &LifecyclePolicy, image: &Specimen, images: &[Specimen]) -> Verdict {
    if image.role == Role::Referrer {
        return Verdict::Referrer;
    }
    let owner = policy.rules().iter().filter(|rule| belongs_to(image, rule)).min_by_key(|rule| rule.priority);
    let Some(rule) = owner else { return Verdict::NoRule };
    let rule_priority = rule.priority;
    match (takes(rule, image, images), rule.selection.count_type, image.role) {
        (true, _, Role::ChildOfIndex) => Verdict::Spared { rule_priority, reason: Spared::ReferencedByIndex },
        (true, ..) => Verdict::ActedOn { rule_priority, action: rule.action },
        (false, CountType::ImageCountMoreThan, _) => Verdict::Spared { rule_priority, reason: Spared::WithinCount },
        (false, ..) => Verdict::Spared { rule_priority, reason: Spared::NotOldEnough },
    }
}

/// Values that come close to a policy without being one, most of the time.
fn near_policy() -> impl Strategy<Value = String> {
    let words = [
        "rules",
        "rulePriority",
        "selection",
        "action",
        "tagStatus",
        "tagged",
        "any",
        "tagPrefixList",
        "countType",
        "imageCountMoreThan",
        "countUnit",
        "days",
        "countNumber",
        "type",
        "expire",
        "transition",
        "targetStorageClass",
    ];
    let word = move || select(words.to_vec()).prop_map(|word| format!("{word:?}"));
    let leaf = prop_oneof![
        word(),
        Just("null".to_owned()),
        any::<f64>().prop_map(|it| it.to_string()),
        any::<i64>().prop_map(|it| it.to_string())
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(","))),
            vec((word(), inner), 0..6).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// A policy of which some characters became others.
fn damaged_policy() -> impl Strategy<Value = String> {
    (any_policy(), vec((any::<proptest::sample::Index>(), select(br#"{}[]",:019*ax \"#.to_vec())), 0..4)).prop_map(
        |(policy, damages)| {
            let mut bytes = policy.text().as_bytes().to_vec();
            for (place, byte) in damages {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            String::from_utf8(bytes).expect("ASCII")
        },
    )
}

fn blanks() -> impl Strategy<Value = &'static str> {
    select(vec!["", " ", "\n", "\t  "])
}

fn configuration() -> proptest::test_runner::Config {
    proptest::test_runner::Config { cases: 384, failure_persistence: None, ..proptest::test_runner::Config::default() }
}

proptest::proptest! {
    #![proptest_config(configuration())]

    #[test]
    fn d_027_evaluation_says_what_a_slow_reading_of_the_rules_says(policy in any_policy(), images in any_images()) {
        let evaluation = evaluate(&policy, images.iter().map(Specimen::candidate), NOW);
        let expected: Vec<Verdict> = images.iter().map(|image| naive(&policy, image, &images)).collect();
        let found: Vec<Verdict> = evaluation.verdicts().map(|(_, verdict)| verdict).collect();
        proptest::prop_assert_eq!(&found, &expected);

        let mut to_do: Vec<_> = images.iter().zip(&expected).filter_map(|(image, verdict)| match verdict {
            Verdict::ActedOn { rule_priority, .. } => Some((*rule_priority, age_time(image), image.digest.clone())),
            _ => None,
        }).collect();
        to_do.sort();
        let done: Vec<_> = evaluation.actions().map(|outcome| {
            (outcome.applied_rule_priority, outcome.image.aged_from(), outcome.image.digest.clone())
        }).collect();
        proptest::prop_assert_eq!(done, to_do);
        let expiring = expected.iter().filter(|it| matches!(it, Verdict::ActedOn { action: Action::Expire, .. }));
        proptest::prop_assert_eq!(evaluation.expiring_image_total_count(), expiring.count());
    }

    #[test]
    fn c_123_no_text_is_too_odd_to_be_read(
        odd in ".*",
        near in near_policy(),
        rules in near_policy(),
        damaged in damaged_policy(),
    ) {
        for text in [odd, near, format!(r#"{{"rules":[{rules}]}}"#), damaged] {
            if let Err(error) = LifecyclePolicy::parse(&text) {
                proptest::prop_assert!(error.to_string().starts_with("Lifecycle policy validation failure: "));
            }
        }
    }

    #[test]
    fn c_123_the_short_text_of_a_policy_is_the_same_policy(
        policy in any_policy(),
        (inner, after_colon, outer) in (blanks(), blanks(), blanks()),
    ) {
        let spaced = policy.text().replace('{', &format!("{{{inner}")).replace(':', &format!(":{after_colon}"));
        let spaced = format!("{outer}{spaced}{outer}");
        let read = LifecyclePolicy::parse(&spaced).expect("white space does not matter");
        proptest::prop_assert_eq!(read.text(), &spaced);
        proptest::prop_assert_eq!(read.minified(), policy.minified());
        let again = LifecyclePolicy::parse(read.minified()).expect("still a policy");
        proptest::prop_assert_eq!(again.rules(), read.rules());
        proptest::prop_assert_eq!(again.minified(), read.minified());
    }
}
