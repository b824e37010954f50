//! Suites as they are served now: their verified `InRelease`, and from it the indexes of packages.

mod suites;

use corten_formats::deb::package::Compression;
use corten_formats::deb::packages::Packages;
use corten_formats::deb::release::IndexFile;
use jiff::Timestamp;

pub use self::suites::{Extra, Suite, suites_of};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::fetch::retry::read;
use crate::fetch::{Effort, FetchError, Wanted, fetch_all};
use crate::hash::ContentHash;
use crate::lock::{Lock, LockError};
use crate::mirror::discover::in_release_url;
use crate::mirror::{Mirror, Role};
use crate::store::Store;
use crate::transport::Transport;
use crate::unpack::decompress;
use crate::verify::freshness::Expected;
use crate::verify::keyring::Keyring;
use crate::verify::{Verified, VerifyError, in_release};

/// Largest index, decompressed. That of the main component has 56 MB.
const MAX_INDEX: u64 = 2 << 30;

/// Forms of an index, best first.
const FORMS: [(&str, Compression); 3] =
    [(".xz", Compression::Xz), (".gz", Compression::Gzip), ("", Compression::None)];

/// A suite whose metadata were verified, with its packages.
pub struct Loaded {
    /// Name that it was asked for by.
    pub name: String,
    /// Archive that it lies in.
    pub archive: Role,
    /// When it was published.
    pub date: Timestamp,
    /// SHA-256 of its `InRelease`.
    pub sha256: ContentHash,
    /// One index for each component.
    pub packages: Vec<Packages>,
}

/// What loading suites needs.
pub struct Loader<'a> {
    /// Where indexes are kept.
    pub store: &'a Store,
    /// Reads from mirrors.
    pub transport: &'a Transport,
    /// Whose signatures count.
    pub keyring: &'a Keyring,
    /// Where the suites are.
    pub mirror: &'a Mirror,
    /// Time on this host.
    pub now: Timestamp,
    /// How hard to try.
    pub effort: Effort,
    /// Who is told.
    pub events: Events<'a>,
}

/// An index that a verified suite lists.
struct Listed {
    wanted: Wanted,
    compression: Compression,
}

impl Loader<'_> {
    /// Loads a suite; `None` where it is optional and does not exist. An older lock that knows a suite makes it
    /// obligatory, and everything older than what it knows is refused.
    pub fn load(
        &self,
        suite: &Suite,
        components: &[String],
        architecture: &str,
        old: Option<&Lock>,
    ) -> Result<Option<Loaded>, Error> {
        let not_before = old.and_then(|lock| lock.suite_date(&suite.name));
        let Some(base) = self.mirror.base(suite.archive) else {
            return self.absent(suite, not_before, "no mirror of it is known".to_owned());
        };
        let url = in_release_url(base, &suite.name);
        let Some(message) = read(self.transport, &url, &self.effort, self.events)? else {
            return self.absent(suite, not_before, url);
        };
        let expected = Expected { suite: &suite.name, not_before };
        let verified = in_release(&url, &message, self.keyring, &expected, self.now)?;
        let date = Timestamp::from_second(verified.release.date).unwrap_or(self.now);
        (self.events)(Event::SuiteVerified { suite: suite.name.clone(), date });
        let mut listed = Vec::new();
        for component in components {
            if suite.is_optional && !verified.release.components.contains(component) {
                continue;
            }
            let folder = format!("{base}/dists/{}", suite.name);
            listed.push(listed_index(
                &verified,
                &url,
                &folder,
                &format!("{component}/binary-{architecture}/Packages"),
            )?);
        }
        let wanted: Vec<Wanted> = listed.iter().map(|index| index.wanted.clone()).collect();
        fetch_all(self.store, self.transport, &wanted, self.effort, self.events)?;
        let packages = listed.iter().map(|index| self.parse(index)).collect::<Result<_, _>>()?;
        let (name, archive) = (suite.name.clone(), suite.archive);
        Ok(Some(Loaded { name, archive, date, sha256: ContentHash(verified.sha256), packages }))
    }

    fn absent(&self, suite: &Suite, known: Option<Timestamp>, url: String) -> Result<Option<Loaded>, Error> {
        if known.is_some() {
            return Err(LockError::SuiteGone { suite: suite.name.clone(), url }.into());
        }
        if !suite.is_optional {
            return Err(FetchError::NotFound { url }.into());
        }
        (self.events)(Event::SuiteAbsent { suite: suite.name.clone() });
        Ok(None)
    }

    fn parse(&self, index: &Listed) -> Result<Packages, Error> {
        let wanted = &index.wanted;
        let broken = |why: String| VerifyError::Index { file: wanted.name.clone(), why };
        let missing = || FetchError::Offline(vec![wanted.name.clone()]);
        let bytes = self.store.read(wanted.sha256)?.ok_or_else(missing)?;
        let text =
            decompress(&bytes, index.compression, MAX_INDEX).map_err(|error| broken(error.to_string()))?;
        drop(bytes);
        Ok(Packages::parse(text.into()).map_err(|error| broken(error.to_string()))?)
    }
}

/// The best form of an index that the suite lists.
fn listed_index(verified: &Verified, file: &str, folder: &str, path: &str) -> Result<Listed, VerifyError> {
    let found = FORMS.iter().find_map(|(ending, compression)| {
        let path = format!("{path}{ending}");
        verified.release.files.get(&path).map(|index| (path, *index, *compression))
    });
    let (path, IndexFile { size, sha256 }, compression) =
        found.ok_or_else(|| VerifyError::Unlisted { file: file.to_owned(), index: path.to_owned() })?;
    let sha256 = ContentHash(sha256);
    let plain = format!("{folder}/{path}");
    let mut urls = vec![plain.clone()];
    if verified.release.by_hash {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        urls.insert(0, format!("{folder}/{parent}/by-hash/SHA256/{sha256}"));
    }
    Ok(Listed { wanted: Wanted { name: plain, version: None, urls, size, sha256 }, compression })
}
