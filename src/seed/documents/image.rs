//! One image of a document.

use super::{Distinct, parse, times};
use crate::proto;
use crate::registry::types::Tag;
use crate::seed::content;
use crate::seed::image_spec::{ImageFormat, ImageSpec, LayerCount, LayerSize, Platform, Platforms};
use crate::seed::plan::ImagePlan;
use crate::seed::violation::Place;

/// Checks an image. `tags` are those of the images before it in the same repository.
pub(super) fn check(document: &proto::ImageDocument, place: &Place<'_>, tags: &mut Distinct<Tag>) -> Option<ImagePlan> {
    let tags = place
        .each("tags", &document.tags, |text, place| parse::<Tag>(text, place).and_then(|tag| tags.note(tag, place)));
    let layers = document
        .layers
        .map_or(Some(LayerCount::DEFAULT), |layers| place.member("layers").accept(LayerCount::try_from(layers)));
    let layer_size = document
        .layer_size_bytes
        .map_or(Some(LayerSize::DEFAULT), |bytes| place.member("layer_size_bytes").accept(LayerSize::try_from(bytes)));
    let mut seen = Distinct::default();
    let platforms = place.each("platforms", &document.platforms, |text, place| {
        parse::<Platform>(text, place).and_then(|platform| seen.note(platform, place))
    });
    // Refused ones are gone from the list, so this cannot fail; it makes the type say so.
    let platforms = place.member("platforms").accept(Platforms::try_from(platforms));
    let seed = document.seed.unwrap_or_else(|| document.tags.first().map_or(0, |tag| content::seed_of_text(tag)));
    let pushed_at = document.pushed_at.and_then(|time| place.member("pushed_at").accept(times::timestamp(time)));
    let format = format(document.format, place);
    Some(ImagePlan {
        tags,
        spec: ImageSpec { layers: layers?, layer_size: layer_size?, platforms: platforms?, seed, format: format? },
        pushed_at,
        archived: document.archived,
    })
}

fn format(number: i32, place: &Place<'_>) -> Option<ImageFormat> {
    match proto::ImageFormat::try_from(number) {
        Ok(proto::ImageFormat::Unspecified | proto::ImageFormat::Oci) => Some(ImageFormat::Oci),
        Ok(proto::ImageFormat::Docker) => Some(ImageFormat::Docker),
        Err(_) => {
            place.member("format").refuse(format_args!("{number} is not a known format"));
            None
        }
    }
}
