//! The rules of evaluation, one after the other, and the worked cases of the user guide.

use super::testing::{
    ANY, ARCHIVE, DAY_MICROS, NOW, Specimen, UNTAGGED, archived, days_ago, expire, images, keep, patterns, policy,
    prefixes, rule, since,
};
use super::{Action, Evaluation, Role, Spared, StorageClass, Verdict, evaluate};
use crate::registry::types::Timestamp;

fn judge<'a>(images: &'a [Specimen], rules: &[String]) -> Evaluation<'a> {
    evaluate(&policy(rules), images.iter().map(Specimen::candidate), NOW)
}

/// Names of the images on which rules act, each with the priority number of its rule, in order.
fn acted_on(images: &[Specimen], rules: &[String]) -> String {
    let name = |digest| &images.iter().find(|image| &image.digest == digest).expect("one of them").name;
    let evaluation = judge(images, rules);
    let outcomes = evaluation.actions().map(|it| format!("{}{}", name(it.image.digest), it.applied_rule_priority));
    outcomes.collect::<Vec<_>>().join(" ")
}

fn verdicts(images: &[Specimen], rules: &[String]) -> Vec<Verdict> {
    judge(images, rules).verdicts().map(|(_, verdict)| verdict).collect()
}

const fn spared(rule_priority: u32, reason: Spared) -> Verdict {
    Verdict::Spared { rule_priority, reason }
}

const fn expired(rule_priority: u32) -> Verdict {
    Verdict::ActedOn { rule_priority, action: Action::Expire }
}

#[test]
fn c_129_c_130_d_027_the_worked_cases_of_the_user_guide_come_out_as_there() {
    let (prod, beta, alpha) = (prefixes(&["prod"]), prefixes(&["beta"]), prefixes(&["alpha"]));
    let both = prefixes(&["alpha", "beta"]);
    let three = "A 10 beta-1 prod-1; B 9 beta-2 prod-2; C 8 beta-3";
    for (pool, rules, expected) in [
        (three, vec![expire(1, &prod, &keep(1)), expire(2, &beta, &keep(1))], "A1"),
        (three, vec![expire(1, &beta, &keep(1)), expire(2, &prod, &keep(1))], "A1 B1"),
        (
            "A 12 alpha-1; B 11 beta-1; C 10 alpha-2 beta-2; D 4 alpha-3; E 3 beta-3; F 2 alpha-4 beta-4",
            vec![expire(1, &both, &since("sinceImagePushed", 5))],
            "C1",
        ),
        (
            "A 10 alpha-1 beta-1 gamma-1; B 9 alpha-2 beta-2; C 8 alpha-3 beta-3 gamma-2",
            vec![expire(1, &both, &keep(1))],
            "A1 B1",
        ),
        ("A 4 alpha-1; B 3 beta-1; C 2; D 1 alpha-2", vec![expire(1, ANY, &keep(1))], "A1 B1 C1"),
        (
            "A 4 alpha-1 beta-1; B 3; C 2 alpha-2; D 1 git-hash; E 1",
            vec![
                expire(1, &alpha, &keep(1)),
                expire(2, UNTAGGED, &since("sinceImagePushed", 1)),
                expire(3, ANY, &keep(1)),
            ],
            "A1 B2 D3",
        ),
    ] {
        assert_eq!(acted_on(&images(pool), &rules), expected, "{pool} under {rules:?}");
    }
}

#[test]
fn c_129_d_027_an_image_that_a_rule_spares_is_safe_from_later_rules_and_yet_counted_by_them() {
    let pool = images("A 9 keep-1; B 8; C 7 keep-2; D 6");
    let rules = [expire(1, &prefixes(&["keep"]), &keep(2)), expire(9, ANY, &keep(2))];
    // Rule 9 counts four images and would take A and B.
    assert_eq!(
        verdicts(&pool, &rules),
        [spared(1, Spared::WithinCount), expired(9), spared(1, Spared::WithinCount), spared(9, Spared::WithinCount)]
    );
}

#[test]
fn c_129_rules_apply_by_number_and_not_by_their_place_in_the_text() {
    let pool = images("A 10 beta-1 prod-1; B 9 beta-2 prod-2; C 8 beta-3");
    let (prod, beta) = (prefixes(&["prod"]), prefixes(&["beta"]));
    assert_eq!(acted_on(&pool, &[expire(20, &beta, &keep(1)), expire(10, &prod, &keep(1))]), "A10");
}

#[test]
fn c_130_c_131_each_prefix_or_pattern_of_a_rule_needs_a_tag_of_its_own_choice() {
    let pool = images("A 9 v1; B 8 v1-amd64; C 7 v1 amd64; D 6 amd64; E 5");
    let count = since("sinceImagePushed", 1);
    for (tags, expected) in [
        (prefixes(&["v"]), "A1 B1 C1"),
        (prefixes(&["v", "amd"]), "C1"),
        (prefixes(&["v", "v1"]), "A1 B1 C1"),
        (patterns(&["v*"]), "A1 B1 C1"),
        (patterns(&["v*", "*amd64"]), "B1 C1"),
        (patterns(&["v"]), ""),
        (patterns(&["amd64"]), "C1 D1"),
        (patterns(&["*"]), "A1 B1 C1 D1"),
    ] {
        assert_eq!(acted_on(&pool, &[expire(1, &tags, &count)]), expected, "{tags}");
    }
}

#[test]
fn c_134_untagged_and_any_select_by_presence_of_tags() {
    let pool = images("A 9; B 8 v1; C 7");
    assert_eq!(acted_on(&pool, &[expire(1, UNTAGGED, &since("sinceImagePushed", 1))]), "A1 C1");
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &since("sinceImagePushed", 1))]), "A1 B1 C1");
    let rules = [expire(1, UNTAGGED, &keep(5))];
    assert_eq!(
        verdicts(&pool, &rules),
        [spared(1, Spared::WithinCount), Verdict::NoRule, spared(1, Spared::WithinCount)]
    );
}

#[test]
fn c_135_the_newest_images_stay_whatever_the_order_of_their_coming() {
    let mut pool = images("A 3; B 1; C 5; D 2; E 4");
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &keep(2))]), "C1 E1 A1");
    pool.reverse();
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &keep(2))]), "C1 E1 A1");
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &keep(5))]), "");
    assert_eq!(acted_on(&[], &[expire(1, ANY, &keep(5))]), "");
}

#[test]
fn c_135_unconfirmed_of_one_time_the_lower_digest_is_the_older_one() {
    let mut pool = images("A 3; B 3; C 3");
    pool.rotate_left(1);
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &keep(1))]), "A1 B1");
}

#[test]
fn c_136_d_027_an_age_of_exactly_so_many_days_is_not_enough() {
    let rules = [expire(1, ANY, &since("sinceImagePushed", 2))];
    for (age_micros, is_expired) in
        [(0, false), (2 * DAY_MICROS, false), (2 * DAY_MICROS + 1, true), (3 * DAY_MICROS, true), (-DAY_MICROS, false)]
    {
        let pushed_at = Timestamp::from_micros(NOW.as_micros() - age_micros);
        let pool = [Specimen::new(0, "A", pushed_at, &[])];
        assert_eq!(acted_on(&pool, &rules), if is_expired { "A1" } else { "" }, "{age_micros}");
    }
}

#[test]
fn c_137_c_138_d_027_unused_images_go_to_the_archive() {
    // Pushed, pulled and restored so many days ago; whether 30 days without use are over.
    for (pushed, pulled, restored, is_moved) in [
        (31, None, None, true),
        (30, None, None, false),
        (99, Some(31), None, true),
        (99, Some(30), None, false),
        (99, None, Some(31), true),
        (99, None, Some(30), false),
        (99, Some(40), Some(30), false),
        (99, Some(20), Some(40), false),
        (99, Some(50), Some(40), true),
    ] {
        let mut image = Specimen::new(0, "A", days_ago(pushed), &[]);
        image.last_recorded_pull_time = pulled.map(days_ago);
        image.last_activated_at = restored.map(days_ago);
        let pool = [image];
        let evaluation = judge(&pool, &[rule(4, ANY, &since("sinceImagePulled", 30), ARCHIVE)]);
        let expected = if is_moved {
            Verdict::ActedOn { rule_priority: 4, action: Action::Transition }
        } else {
            spared(4, Spared::NotOldEnough)
        };
        assert_eq!(evaluation.verdicts().next().expect("one").1, expected, "{pushed} {pulled:?} {restored:?}");
    }
}

#[test]
fn c_137_archived_images_expire_by_their_time_in_the_archive() {
    let mut pool = images("A 400; B 400; C 400; D 400");
    for (image, days) in pool.iter_mut().zip([91, 90, 95]) {
        image.last_archived_at = Some(days_ago(days));
        image.storage_class = StorageClass::Archive;
    }
    // C came back; D says nothing of when it was archived.
    pool[2].storage_class = StorageClass::Standard;
    pool[3].storage_class = StorageClass::Archive;
    assert_eq!(
        verdicts(&pool, &[expire(1, ANY, &archived(90))]),
        [expired(1), spared(1, Spared::NotOldEnough), Verdict::NoRule, spared(1, Spared::NotOldEnough)]
    );
}

#[test]
fn c_139_d_027_children_of_a_living_index_count_but_stay() {
    let mut pool = images("A 9; B 8; C 7; D 6");
    pool[0].role = Role::ChildOfIndex;
    pool[2].role = Role::ChildOfIndex;
    let rules = [expire(1, UNTAGGED, &keep(2)), expire(2, ANY, &keep(1))];
    let (kept, child) = (spared(1, Spared::WithinCount), spared(1, Spared::ReferencedByIndex));
    assert_eq!(verdicts(&pool, &rules), [child, expired(1), kept, kept]);
    pool[0].role = Role::Plain;
    assert_eq!(verdicts(&pool, &rules), [expired(1), expired(1), kept, kept]);
}

#[test]
fn c_140_each_storage_class_has_its_own_rules_and_counts() {
    let mut pool = images("A 9; B 8; C 7; D 6");
    for place in [0, 2] {
        pool[place].storage_class = StorageClass::Archive;
        pool[place].last_archived_at = Some(days_ago(200));
    }
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &keep(1))]), "B1");
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &keep(1)), expire(2, ANY, &archived(150))]), "B1 A2 C2");
}

#[test]
fn d_027_restored_images_are_as_old_as_their_restoration() {
    let mut pool = images("A 9; B 8; C 7");
    pool[0].last_activated_at = Some(days_ago(1));
    // Archived since: the restoration does not matter for what came back later.
    pool[0].last_archived_at = Some(days_ago(5));
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &keep(1))]), "B1 C1");
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &since("sinceImagePushed", 8))]), "A1");
}

#[test]
fn d_027_archived_images_go_by_the_time_of_their_archiving() {
    let mut pool = images("A 300; B 299; C 298");
    for (image, days) in pool.iter_mut().zip([100, 120, 110]) {
        image.storage_class = StorageClass::Archive;
        image.last_archived_at = Some(days_ago(days));
        image.last_activated_at = Some(days_ago(200));
    }
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &archived(90))]), "B1 C1 A1");
}

#[test]
fn d_027_unconfirmed_referrers_are_neither_selected_nor_counted() {
    let mut pool = images("A 9; B 8; C 7");
    pool[1].role = Role::Referrer;
    assert_eq!(
        verdicts(&pool, &[expire(1, ANY, &keep(2))]),
        [spared(1, Spared::WithinCount), Verdict::Referrer, spared(1, Spared::WithinCount)]
    );
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &since("sinceImagePushed", 1))]), "A1 C1");
}

#[test]
fn c_149_expiries_and_transitions_are_totalled_apart() {
    let pool = images("A 40; B 39; C 9 v1; D 8 v2; E 7 v3; F 1 v4");
    let rules = [rule(1, UNTAGGED, &since("sinceImagePushed", 30), ARCHIVE), expire(2, &prefixes(&["v"]), &keep(1))];
    let evaluation = judge(&pool, &rules);
    assert_eq!(evaluation.expiring_image_total_count(), 3);
    assert_eq!(evaluation.transitioning_image_total_count(), 2);
    let first = evaluation.actions().next().expect("five");
    assert_eq!(first.action.as_str(), "TRANSITION");
    assert_eq!(first.action.target_storage_class().map(StorageClass::as_str), Some("ARCHIVE"));
    assert_eq!(first.applied_rule_priority, 1);
}

#[test]
fn c_147_unconfirmed_results_come_by_rule_and_then_oldest_first() {
    let pool = images("A 1 v1; B 2; C 3 v2; D 4; E 5 v3");
    let rules = [
        expire(2, UNTAGGED, &since("sinceImagePushed", 1)),
        expire(1, &patterns(&["v*"]), &since("sinceImagePushed", 2)),
    ];
    assert_eq!(acted_on(&pool, &rules), "E1 C1 D2 B2");
}

#[test]
fn c_153_no_image_is_older_than_the_largest_age() {
    let pool = [Specimen::new(0, "A", Timestamp::from_micros(i64::MIN), &[])];
    let rules = [rule(1, UNTAGGED, &since("sinceImagePulled", i32::MAX.unsigned_abs()), ARCHIVE)];
    assert_eq!(acted_on(&pool, &rules), "");
    assert_eq!(acted_on(&pool, &[expire(1, ANY, &keep(i32::MAX.unsigned_abs()))]), "");
}

#[test]
fn a_repository_may_be_full() {
    let minute = |number: u32| Timestamp::from_micros(NOW.as_micros() - i64::from(number) * 60_000_000);
    let image = |number: u32| {
        let tag = format!("build-{number}");
        let tags: &[&str] = if number.is_multiple_of(2) { &[] } else { &[&tag] };
        Specimen::new(number, "", minute(number), tags)
    };
    let pool: Vec<Specimen> = (0..100_000).map(image).collect();
    let mut rules: Vec<String> =
        (1..9).map(|number| expire(number, &prefixes(&[&format!("build-{number}")]), &keep(10))).collect();
    rules.push(expire(9, ANY, &keep(1_000)));
    let evaluation = judge(&pool, &rules);
    // Rules 1 to 8 own 8/9 of the tagged images and keep ten each; rule 9 counts all and keeps the newest thousand.
    let by_rule = |number| evaluation.actions().filter(|it| it.applied_rule_priority == number).count();
    let owned = |number: u32| {
        let digit = number.to_string();
        (0..100_000_u32).filter(|it| it % 2 == 1 && it.to_string().starts_with(&digit)).count()
    };
    for number in 1..9 {
        assert_eq!(by_rule(number), owned(number) - 10, "rule {number}");
    }
    assert_eq!(by_rule(9), (1_000..100_000_u32).filter(|it| it % 2 == 0 || it.to_string().starts_with('9')).count());
}
