//! Writes a sparse image as qcow2 in one pass. The same content gives the same bytes.

use std::io::{self, Write};

use zerocopy::IntoBytes;

use super::format::{
    CLUSTER, CLUSTER_BITS, COPIED, HEADER_LENGTH, Header, MAX_SIZE, POINTERS, REFCOUNT_ORDER, REFCOUNTS,
    SECTOR,
};
use crate::extent::Extents;

/// A size that a disk of this format can't have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("disk has {0} bytes: expected a multiple of {SECTOR}, {MAX_SIZE} at most")]
pub struct SizeError(pub u64);

/// An image that is ready to be written: what goes where is decided.
#[derive(Clone, Debug)]
pub struct Qcow2<'a> {
    image: &'a Extents,
    /// Clusters of the disk that are not all zeros, in order.
    data: Vec<u64>,
    /// L2 tables that are needed, by their number in the L1 table, in order.
    l2: Vec<u64>,
    /// Entries of the L1 table.
    l1_size: u64,
    refcount_blocks: u64,
    refcount_table: u64,
}

impl<'a> Qcow2<'a> {
    /// Looks through the image for clusters that hold something.
    pub fn new(image: &'a Extents) -> Result<Self, SizeError> {
        let size = image.size();
        if size > MAX_SIZE || !size.is_multiple_of(SECTOR) {
            return Err(SizeError(size));
        }
        let data = clusters(image);
        let mut l2: Vec<_> = data.iter().map(|cluster| cluster / POINTERS).collect();
        l2.dedup();
        let l1_size = size.div_ceil(CLUSTER * POINTERS);
        let mut qcow2 = Self { image, data, l2, l1_size, refcount_blocks: 0, refcount_table: 0 };
        // The counts are of the whole file, their own blocks included.
        loop {
            let blocks = qcow2.clusters().div_ceil(REFCOUNTS);
            let table = blocks.div_ceil(POINTERS);
            if (blocks, table) == (qcow2.refcount_blocks, qcow2.refcount_table) {
                return Ok(qcow2);
            }
            (qcow2.refcount_blocks, qcow2.refcount_table) = (blocks, table);
        }
    }

    /// Bytes of the file.
    pub fn file_size(&self) -> u64 {
        self.clusters() * CLUSTER
    }

    /// Writes the file from its first byte to its last.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut cluster = Vec::with_capacity(CLUSTER as usize);
        cluster.extend_from_slice(self.header().as_bytes());
        flush(out, &mut cluster)?;

        let blocks = self.refcount_block_start();
        pointers(out, (0..self.refcount_blocks).map(|n| (blocks + n) * CLUSTER))?;
        for _ in 0..self.clusters() {
            cluster.extend_from_slice(&1_u16.to_be_bytes());
            if cluster.len() as u64 == CLUSTER {
                flush(out, &mut cluster)?;
            }
        }
        flush(out, &mut cluster)?;

        let mut tables = self.l2.iter().zip(self.l2_start()..).peekable();
        pointers(
            out,
            (0..self.l1_size).map(|n| tables.next_if(|(l2, _)| **l2 == n).map_or(0, |(_, at)| entry(at))),
        )?;
        let mut data = self.data.iter().zip(self.data_start()..).peekable();
        for l2 in &self.l2 {
            let covered = l2 * POINTERS..(l2 + 1) * POINTERS;
            pointers(
                out,
                covered.map(|n| data.next_if(|(cluster, _)| **cluster == n).map_or(0, |(_, at)| entry(at))),
            )?;
        }
        cluster.resize(CLUSTER as usize, 0);
        self.data.iter().try_for_each(|number| {
            self.image.read(number * CLUSTER, &mut cluster);
            out.write_all(&cluster)
        })
    }

    fn header(&self) -> Header {
        Header {
            magic: *b"QFI\xfb",
            version: 3.into(),
            backing_file: [0; 12],
            cluster_bits: CLUSTER_BITS.into(),
            size: self.image.size().into(),
            encryption: 0.into(),
            l1_size: (self.l1_size as u32).into(),
            l1_offset: (self.l1_start() * CLUSTER).into(),
            refcount_table_offset: CLUSTER.into(),
            refcount_table_clusters: (self.refcount_table as u32).into(),
            snapshots: [0; 12],
            features: [0.into(); 3],
            refcount_order: REFCOUNT_ORDER.into(),
            header_length: HEADER_LENGTH.into(),
            end_of_extensions: [0; 8],
        }
    }

    fn refcount_block_start(&self) -> u64 {
        1 + self.refcount_table
    }

    fn l1_start(&self) -> u64 {
        self.refcount_block_start() + self.refcount_blocks
    }

    fn l2_start(&self) -> u64 {
        self.l1_start() + self.l1_size.div_ceil(POINTERS)
    }

    fn data_start(&self) -> u64 {
        self.l2_start() + self.l2.len() as u64
    }

    /// Clusters of the file.
    fn clusters(&self) -> u64 {
        self.data_start() + self.data.len() as u64
    }
}

/// Entry that names a cluster of the file.
fn entry(cluster: u64) -> u64 {
    COPIED | (cluster * CLUSTER)
}

/// Writes a table, padded to whole clusters.
fn pointers(out: &mut impl Write, entries: impl Iterator<Item = u64>) -> io::Result<()> {
    let mut cluster = Vec::with_capacity(CLUSTER as usize);
    for entry in entries {
        cluster.extend_from_slice(&entry.to_be_bytes());
        if cluster.len() as u64 == CLUSTER {
            flush(out, &mut cluster)?;
        }
    }
    flush(out, &mut cluster)
}

/// Writes what was gathered as one cluster; nothing where nothing was.
fn flush(out: &mut impl Write, cluster: &mut Vec<u8>) -> io::Result<()> {
    if !cluster.is_empty() {
        cluster.resize(CLUSTER as usize, 0);
        out.write_all(cluster)?;
        cluster.clear();
    }
    Ok(())
}

/// Clusters of the disk that hold a byte other than zero, in order.
fn clusters(image: &Extents) -> Vec<u64> {
    let mut found = Vec::new();
    for (offset, bytes) in image.parts() {
        let mut at = offset;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let len = (CLUSTER - at % CLUSTER).min(rest.len() as u64);
            let (head, tail) = rest.split_at(len as usize);
            if found.last() != Some(&(at / CLUSTER)) && !all_zeros(head) {
                found.push(at / CLUSTER);
            }
            (at, rest) = (at + len, tail);
        }
    }
    found
}

/// By pages, within which nothing stops early, so that the compiler uses wide instructions.
fn all_zeros(bytes: &[u8]) -> bool {
    bytes.chunks(4096).all(|page| page.iter().fold(0, |seen, byte| seen | byte) == 0)
}
