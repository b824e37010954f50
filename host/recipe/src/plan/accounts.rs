//! Users and groups: those that every image has and those of the recipe.

use std::collections::BTreeMap;

use corten_document::{Court, KeyPath, Problem};

use super::parts::{Group, User};
use crate::types::{AccountName, Text};
use crate::written;

/// Users that every image has: name, group, number, home, comment. Debian's base-passwd has them the same.
const ALWAYS: [(&str, &str, u32, &str); 2] =
    [("root", "root", 0, "/root"), ("nobody", "nogroup", 65534, "/nonexistent")];

/// All users and groups of an image.
pub(super) struct Accounts {
    pub(super) users: BTreeMap<AccountName, User>,
    pub(super) groups: BTreeMap<AccountName, Group>,
}

impl Accounts {
    pub(super) fn decide(recipe: &written::Recipe, court: &mut Court<'_>) -> Self {
        let mut accounts = Self { users: BTreeMap::new(), groups: BTreeMap::new() };
        accounts.add_groups(recipe, court);
        accounts.add_users(recipe, court);
        for (name, group, number, home) in ALWAYS {
            if let (Ok(name), Ok(group), Ok(home)) =
                (name.parse(), group.parse::<AccountName>(), home.parse())
            {
                accounts.groups.insert(group.clone(), Group { gid: number });
                let comment = Text::default();
                accounts.users.insert(name, User { uid: number, gid: number, group, home, comment });
            }
        }
        accounts.check_numbers(court);
        accounts
    }

    fn add_groups(&mut self, recipe: &written::Recipe, court: &mut Court<'_>) {
        for (name, group) in recipe.groups.iter().flatten() {
            let key = KeyPath::of(&["groups", name.as_str()]);
            if ALWAYS.iter().any(|(_, always, ..)| *always == name.as_str()) {
                let message = format!("every image has the group `{name}`");
                court.complain(&Problem::Conflict(message), &key, None);
                continue;
            }
            match group.gid {
                Some(gid) => drop(self.groups.insert(name.clone(), Group { gid: gid.get() })),
                None => {
                    court
                        .missing(&key.key("gid"), "give the group a number that stays the same: `gid = 900`");
                }
            }
        }
    }

    fn add_users(&mut self, recipe: &written::Recipe, court: &mut Court<'_>) {
        for (name, user) in recipe.users.iter().flatten() {
            let key = KeyPath::of(&["users", name.as_str()]);
            if ALWAYS.iter().any(|(always, ..)| *always == name.as_str()) {
                court.complain(&Problem::Conflict(format!("every image has the user `{name}`")), &key, None);
                continue;
            }
            let Some(uid) = user.uid else {
                court.missing(&key.key("uid"), "give the user a number that stays the same: `uid = 900`");
                continue;
            };
            let group = user.group.clone().unwrap_or_else(|| name.clone());
            let always = ALWAYS.iter().find(|(_, always, ..)| *always == group.as_str());
            let gid = match (self.groups.get(&group), always) {
                (Some(group), _) => group.gid,
                (None, Some((_, _, number, _))) => *number,
                (None, None) if user.group.is_none() => {
                    self.groups.insert(group.clone(), Group { gid: uid.get() });
                    uid.get()
                }
                (None, None) => {
                    let names = recipe.groups.iter().flatten().map(|(name, _)| name.as_str());
                    let names = names.chain(ALWAYS.iter().map(|(_, group, ..)| *group));
                    court.unresolved(&key.key("group"), group.as_str(), names);
                    uid.get()
                }
            };
            let home = user.home.as_ref().map_or("/nonexistent", |home| home.as_str());
            let home: Text = home.parse().unwrap_or_default();
            let comment = user.comment.clone().unwrap_or_default();
            // A colon or a comma would end the field or the name within it: passwd(5).
            if comment.as_str().contains([':', ',']) || home.as_str().contains(':') {
                let message = format!("user `{name}`: home and comment can't hold `:`, nor the comment `,`");
                court.complain(&Problem::Conflict(message), &key, None);
            }
            self.users.insert(name.clone(), User { uid: uid.get(), gid, group, home, comment });
        }
    }

    fn check_numbers(&self, court: &mut Court<'_>) {
        let users = self.users.iter().map(|(name, user)| (name, user.uid));
        let groups = self.groups.iter().map(|(name, group)| (name, group.gid));
        twice(users, ("user", "users", "uid"), court);
        twice(groups, ("group", "groups", "gid"), court);
    }
}

/// Complains about numbers that two have. A group that comes with a user is found at the user.
fn twice<'a>(
    numbers: impl Iterator<Item = (&'a AccountName, u32)>,
    (word, table, field): (&str, &str, &str),
    court: &mut Court<'_>,
) {
    let mut first: BTreeMap<u32, &AccountName> = BTreeMap::new();
    let own = |name: &AccountName| KeyPath::of(&[table, name.as_str(), field]);
    let is_written = |name: &AccountName, court: &Court<'_>| court.origins.of_key(&own(name)).is_some();
    let place = |name: &AccountName, court: &Court<'_>| {
        if is_written(name, court) { own(name) } else { KeyPath::of(&["users", name.as_str(), "uid"]) }
    };
    for (name, number) in numbers {
        if let Some(other) = first.insert(number, name) {
            // Groups that came with two such users are no news.
            if !is_written(name, court) && !is_written(other, court) {
                continue;
            }
            let message = format!("{word}s `{other}` and `{name}` both have the number {number}");
            let (here, there) = (place(name, court), place(other, court));
            court.conflict(message, &here, ("the other is here", &there));
        }
    }
}
