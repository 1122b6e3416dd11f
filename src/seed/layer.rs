//! One layer of a generated image as a stream: an uncompressed tar of one regular file.
//!
//! Uncompressed, because then the layer's digest is its diff id and no compressor's version can change a digest.
//! The file is named after its content, so that even empty layers differ and a pull overwrites nothing.

use std::io::{self, Read};

use super::content::Content;
use super::image_spec::{LayerSize, Platform};

/// Bytes of a tar block; a header is one, content is padded to them, two zero ones end the archive.
const BLOCK: u64 = 512;

/// The bytes of a layer, produced as they are read.
#[derive(Clone)]
pub struct LayerTar {
    header: [u8; BLOCK as usize],
    content: Content,
    content_size: u64,
    position: u64,
}

impl LayerTar {
    /// The layer of this number, from 0, in the image for `platform`.
    pub(super) fn new(seed: u64, platform: &Platform, layer: u32, size: LayerSize) -> Self {
        let content = Content::of_layer(seed, platform, layer);
        Self {
            header: header(&format!("layer-{layer}-{:016x}.bin", content.key()), size.bytes()),
            content,
            content_size: size.bytes(),
            position: 0,
        }
    }

    /// Bytes of the whole archive.
    pub fn size_bytes(&self) -> u64 {
        BLOCK + self.content_size.next_multiple_of(BLOCK) + 2 * BLOCK
    }

    /// Reads within the one section, of header, content and zeros, that the position is in.
    fn read_section(&mut self, buffer: &mut [u8]) -> usize {
        let content_end = BLOCK + self.content_size;
        let section_end = match self.position {
            position if position < BLOCK => BLOCK,
            position if position < content_end => content_end,
            _ => self.size_bytes(),
        };
        let left = usize::try_from(section_end - self.position).unwrap_or(usize::MAX);
        let length = left.min(buffer.len());
        let buffer = &mut buffer[..length];
        if self.position < BLOCK {
            let start = self.position as usize;
            buffer.copy_from_slice(&self.header[start..start + length]);
        } else if self.position < content_end {
            self.content.fill(self.position - BLOCK, buffer);
        } else {
            buffer.fill(0);
        }
        self.position += length as u64;
        length
    }
}

/// Fills the whole buffer unless the archive ends; never fails.
impl Read for LayerTar {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read_section(&mut buffer[filled..]) {
                0 => break,
                length => filled += length,
            }
        }
        Ok(filled)
    }
}

fn header(name: &str, size_bytes: u64) -> [u8; BLOCK as usize] {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).expect("a short relative name fits a header");
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size_bytes);
    header.set_cksum();
    *header.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(size_bytes: u64) -> LayerTar {
        LayerTar::new(3, &Platform::linux_amd64(), 1, LayerSize::try_from(size_bytes).expect("size"))
    }

    fn bytes_of(mut layer: LayerTar) -> Vec<u8> {
        let mut bytes = Vec::new();
        layer.read_to_end(&mut bytes).expect("reading never fails");
        bytes
    }

    #[test]
    fn a_layer_is_a_tar_of_one_file_of_the_asked_size() {
        for size_bytes in [0, 1, 511, 512, 513, 1024, 100_000] {
            let bytes = bytes_of(layer(size_bytes));
            assert_eq!(bytes.len() as u64, layer(size_bytes).size_bytes());
            let mut archive = tar::Archive::new(bytes.as_slice());
            let mut entries = archive.entries().expect("entries");
            let mut entry = entries.next().expect("one entry").expect("a valid header");
            let name = entry.path().expect("path").display().to_string();
            assert!(name.starts_with("layer-1-"), "{name}");
            assert_eq!(entry.header().entry_type(), tar::EntryType::Regular);
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("content");
            assert_eq!(content.len() as u64, size_bytes);
            assert!(entries.next().is_none(), "only one entry");
        }
    }

    #[test]
    fn the_bytes_do_not_depend_on_the_size_of_the_reads() {
        let whole = bytes_of(layer(1000));
        for step in [1, 7, 500, 513, 4096] {
            let mut layer = layer(1000);
            let mut bytes = Vec::new();
            let mut buffer = vec![0; step];
            loop {
                let length = layer.read(&mut buffer).expect("reading never fails");
                if length == 0 {
                    break;
                }
                bytes.extend_from_slice(&buffer[..length]);
            }
            assert_eq!(bytes, whole, "steps of {step}");
        }
    }
}
