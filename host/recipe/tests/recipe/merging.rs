//! What a recipe takes over from the one that it extends, and that every value still knows its place.

use crate::common::{MemoryLoader, merged, plan};
use corten_recipe::{KeyPath, Merged, Plan};

const BASE: &str = r#"
name = "low"
version = "1"
description = "what is extended"

[archive]
suite = "trixie"
components = ["main"]
architecture = "amd64"

[kernel]
package = "linux-image-cloud-amd64"
modules = ["tun", "loop"]
command-line = ["quiet", "panic=10"]

[packages.web]
programs = ["web"]
data = ["/etc/mime.types"]
version = ">= 1"

[scripts]
web = "none of it"

[files."/etc/web.conf"]
content = "low"
mode = "0600"

[users.web]
uid = 800
home = "/srv/web"

[services.web]
exec = ["/usr/bin/web", "--low"]
environment = { A = "1", B = "1" }
ready = ["/usr/bin/web", "--check"]
stop-seconds = 5

[image]
formats = ["raw"]
slot-size = "2 GiB"
verity-size = "32 MiB"
"#;

fn over(body: &str) -> Plan {
    let text = format!("name = \"my\"\nversion = \"2\"\nextends = \"./low.toml\"\n{body}");
    plan(&[("my.toml", &text), ("low.toml", BASE)]).expect("the recipe is right")
}

fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

#[test]
fn a_recipe_that_adds_nothing_is_what_it_extends_under_its_own_name() {
    let plan = over("");
    assert_eq!((plan.name.as_str(), plan.version.as_str(), plan.description.as_str()), ("my", "2", ""));
    assert_eq!(texts(&plan.kernel.modules), ["tun", "loop"]);
    assert_eq!(plan.services.services[0].exec, ["/usr/bin/web", "--low"]);
    assert_eq!(plan.image.slot_size.to_string(), "2 GiB");
}

#[test]
fn a_plan_holds_everything_decided_and_nothing_of_the_machine_that_made_it() {
    let plan = over("[sysctl]\n\"kernel.panic\" = 10\n[links]\n\"/usr/bin/w\" = \"web\"\n");
    insta::assert_snapshot!(serde_json::to_string_pretty(&plan).expect("a plan can be written"));
}

#[test]
fn lists_are_joined_and_hold_nothing_twice() {
    let plan = over("[kernel]\nmodules = [\"nbd\", \"tun\"]\ncommand-line = [\"panic=30\"]\n");
    assert_eq!(texts(&plan.kernel.modules), ["tun", "loop", "nbd"]);
    assert_eq!(texts(&plan.kernel.command_line), ["quiet", "panic=10", "panic=30"]);
}

#[test]
fn commands_and_formats_are_replaced_as_a_whole() {
    let plan = over("[services.web]\nexec = [\"/usr/bin/web\"]\n[image]\nformats = [\"qcow2\"]\n");
    let service = &plan.services.services[0];
    assert_eq!(service.exec, ["/usr/bin/web"]);
    assert_eq!(service.ready, ["/usr/bin/web", "--check"]);
    assert_eq!(service.stop_seconds, 5);
    assert_eq!(texts(&plan.image.formats), ["qcow2"]);
}

#[test]
fn tables_merge_key_by_key_at_every_depth() {
    let plan = over("[services.web.environment]\nB = \"2\"\nC = \"2\"\n[packages.web]\nversion = \"= 3\"\n");
    let environment: Vec<_> =
        plan.services.services[0].environment.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(environment, ["A=1", "B=2", "C=2"]);
    let web = plan.packages.values().next().expect("a package");
    assert_eq!(texts(&web.programs), ["web"]);
    assert_eq!(web.version.as_ref().map(ToString::to_string).as_deref(), Some("= 3"));
}

#[test]
fn a_file_is_replaced_with_its_mode() {
    let plan = over("[files.\"/etc/web.conf\"]\ncontent = \"high\"\n");
    let file = plan.files.values().next().expect("a file");
    assert_eq!((file.content.0.as_ref(), file.mode.to_string().as_str()), (b"high".as_ref(), "0644"));
}

#[test]
fn what_is_removed_can_be_added_anew() {
    let plan = over(
        "[remove]\npackages = [\"web\"]\nmodules = [\"tun\"]\ncommand-line = [\"quiet\"]\nservices = [\"web\"]\n\
         users = [\"web\"]\n[packages.web]\nprograms = [\"other\"]\n[kernel]\nmodules = [\"tun\"]\n",
    );
    let web = plan.packages.values().next().expect("a package");
    assert_eq!(texts(&web.programs), ["other"]);
    assert!(web.data.is_empty() && plan.scripts.is_empty() && plan.services.services.is_empty());
    assert_eq!(texts(&plan.kernel.modules), ["loop", "tun"]);
    assert_eq!(texts(&plan.kernel.command_line), ["panic=10"]);
    assert_eq!(plan.users.keys().map(ToString::to_string).collect::<Vec<_>>(), ["nobody", "root"]);
}

#[test]
fn a_user_has_a_group_of_its_own_unless_it_names_one() {
    let plan = over("[groups.staff]\ngid = 50\n[users.two]\nuid = 801\ngroup = \"staff\"\n");
    let users: Vec<_> = plan
        .users
        .iter()
        .map(|(name, user)| format!("{name} {} {}:{}", user.uid, user.group, user.gid))
        .collect();
    assert_eq!(users, ["nobody 65534 nogroup:65534", "root 0 root:0", "two 801 staff:50", "web 800 web:800"]);
    let groups: Vec<_> = plan.groups.iter().map(|(name, group)| format!("{name} {}", group.gid)).collect();
    assert_eq!(groups, ["nogroup 65534", "root 0", "staff 50", "web 800"]);
}

#[test]
fn an_owner_brings_its_group_unless_another_is_named() {
    let plan = over(
        "[files.\"/srv/a\"]\ncontent = \"\"\nuser = \"web\"\n[directories.\"/srv/b\"]\nmode = \"1777\"\ngroup = \"web\"\n",
    );
    let owner = plan.files[&"/srv/a".parse().expect("a path")].owner;
    assert_eq!((owner.uid, owner.gid), (800, 800));
    let directory = &plan.directories[&"/srv/b".parse().expect("a path")];
    assert_eq!((directory.owner.uid, directory.owner.gid, directory.mode.bits()), (0, 800, 0o1777));
}

#[test]
fn a_level_of_the_extended_recipe_is_left_unused_by_another_compression() {
    let files = |body: &str| format!("name = \"my\"\nversion = \"1\"\nextends = \"base\"\n{body}");
    let plan = plan(&[("my.toml", &files("[image]\ncompression = \"lz4\"\n"))]).expect("the recipe is right");
    assert_eq!(plan.image.compression, corten_recipe::plan::Compression::Lz4);
}

#[test]
fn every_value_knows_the_file_and_line_that_it_was_written_in() {
    let plan = over("[kernel]\nmodules = [\n\"nbd\",\n]\n[services.web]\nexec = [\"/usr/bin/web\"]\n");
    let place = |key: &KeyPath| plan.origin_of(key).map(|origin| origin.to_string());
    let modules = KeyPath::of(&["kernel", "modules"]);
    assert_eq!(place(&modules.item(1)).as_deref(), Some("low.toml:13"));
    assert_eq!(place(&modules.item(2)).as_deref(), Some("my.toml:6"));
    assert_eq!(place(&KeyPath::of(&["packages", "web", "programs"]).item(0)).as_deref(), Some("low.toml:17"));
    assert_eq!(place(&KeyPath::of(&["services", "web", "exec"])).as_deref(), Some("my.toml:9"));
    // A default is where the table is that could have it; nothing has a default for the whole recipe.
    assert_eq!(place(&KeyPath::of(&["image", "esp-size"])).as_deref(), Some("low.toml:38"));
    assert_eq!(place(&KeyPath::of(&["sysctl", "kernel.panic"])), None);
}

#[test]
fn the_builder_can_point_at_a_place_of_the_recipe() {
    let plan = over("[packages.web]\nprograms = [\"wbe\"]\n");
    let key = KeyPath::of(&["packages", "web", "programs"]).item(1);
    let diagnostic = plan.diagnostic(&key, "recipe::packages", "package web has no program \"wbe\"");
    insta::assert_snapshot!(crate::common::shown(&diagnostic.with_help("did you mean `web`?")));
}

#[test]
fn a_file_of_the_recipes_own_is_found_beside_the_recipe_that_names_it() {
    let high =
        "name = \"my\"\nversion = \"1\"\nextends = \"lib/low.toml\"\n[files.\"/etc/b\"]\nsource = \"b\"\n";
    let low = format!("{BASE}\n[files.\"/etc/a\"]\nsource = \"files/a\"\n");
    let files = [("my.toml", high), ("lib/low.toml", &low), ("lib/files/a", "of low"), ("b", "of my")];
    let plan = plan(&files).expect("the recipe is right");
    let content = |path: &str| plan.files[&path.parse().expect("a path")].content.0.clone();
    assert_eq!(
        (content("/etc/a").as_ref(), content("/etc/b").as_ref()),
        (b"of low".as_ref(), b"of my".as_ref())
    );
}

#[test]
fn the_shown_recipe_is_the_same_recipe() {
    for name in ["base", "container-host"] {
        let text =
            format!("name = \"my\"\nversion = \"1\"\nextends = \"{name}\"\ndescription = \"a \\\"b\\\"\"\n");
        let first = merged(&[("my.toml", &text)]).expect("the recipe is right");
        let shown = first.to_toml();
        let again = merged(&[("my.toml", &shown)])
            .unwrap_or_else(|report| panic!("{}", crate::common::shown(&report)));
        let json = |merged: Merged| {
            serde_json::to_string_pretty(&merged.plan().expect("the plan is right"))
                .expect("a plan can be written")
        };
        assert_eq!(json(first), json(again));
    }
}

#[test]
fn the_shown_recipe_says_where_each_value_was_written() {
    let text = "name = \"my\"\nversion = \"2\"\nextends = \"./low.toml\"\n\
                [kernel]\nmodules = [\"nbd\"]\n[files.\"/etc/a\"]\ncontent = \"one\\ntwo\\n\"\n[links]\n\"/a b\" = \"x\"\n";
    let merged = merged(&[("my.toml", text), ("low.toml", BASE)]).expect("the recipe is right");
    insta::assert_snapshot!(merged.to_toml());
}

#[test]
fn recipes_may_extend_each_other_sixteen_deep_and_no_deeper() {
    let chain = |length: usize| {
        let mut loader = MemoryLoader::default();
        for n in 0..length {
            let extends = if n + 1 < length { format!("./{}.toml", n + 1) } else { "base".into() };
            let text = format!("name = \"r{n}\"\nversion = \"1\"\nextends = \"{extends}\"\n");
            loader.0.insert(format!("{n}.toml").into(), text.into_bytes());
        }
        Merged::load("./0.toml", &loader).map(|_| ())
    };
    assert!(chain(15).is_ok(), "fifteen and base are sixteen");
    let report = chain(16).expect_err("seventeen are too many");
    assert_eq!(report.diagnostics()[0].code(), "recipe::too-deep");
}

#[test]
fn what_a_service_may_do_is_decided_in_numbers() {
    let plan = over(
        "[groups.shared]\ngid = 850\n\
         [services.web]\nuser = \"web\"\ngroups = [\"shared\"]\ncapabilities = [\"CAP_NET_BIND_SERVICE\"]\n\
         limits = { nofile = \"10:20\", core = 0, memlock = \"unlimited\" }\n\
         resources = { memory-max = \"64 MiB\", pids-max = 50 }\n\
         directories = { runtime = [\"web\"], state = [\"web\"] }\n\
         restart = \"on-failure\"\numask = \"0077\"\noom-score = 100\nworking-directory = \"/srv\"\n\
         [services.other]\nexec = [\"/usr/bin/other\"]\nuser = \"nobody\"\n",
    );
    let table = serde_json::to_string_pretty(&plan.services).expect("a table can be written");
    insta::assert_snapshot!(table);
}

#[test]
fn keys_lie_beside_the_recipe_that_names_them_and_come_as_a_whole() {
    let low = "name = \"low\"\nversion = \"1\"\nextends = \"base\"\n\
               [secure-boot]\nkey = \"a.key\"\ncert = \"a.pem\"\nenrol = \"keys\"\n";
    let plan = |body: &str| {
        let my = format!("name = \"my\"\nversion = \"1\"\nextends = \"./low/low.toml\"\n{body}");
        let merged = merged(&[("my.toml", &my), ("low/low.toml", low)]).expect("the recipe is right");
        merged.plan().expect("the plan is right")
    };
    let taken_over = plan("").secure_boot.expect("the extended recipe has keys");
    assert_eq!(taken_over.key, std::path::Path::new("low/a.key"));
    assert_eq!(taken_over.certificate, std::path::Path::new("low/a.pem"));
    assert_eq!(taken_over.enrol.as_deref(), Some(std::path::Path::new("low/keys")));
    let own = plan("[secure-boot]\nkey = \"b.key\"\ncert = \"b.pem\"\n").secure_boot.expect("it has keys");
    assert_eq!((own.key.as_path(), own.enrol), (std::path::Path::new("b.key"), None));
}

#[test]
fn a_plan_does_not_say_where_keys_lie() {
    let text = |key: &str| {
        let body = format!("[secure-boot]\nkey = \"{key}\"\ncert = \"c.pem\"\n");
        serde_json::to_string(&over(&body)).expect("a plan can be written")
    };
    assert_eq!(text("a.key"), text("b.key"));
    assert!(text("a.key").contains("\"secure-boot\":{}"));
}

fn images(plan: &Plan) -> Vec<String> {
    plan.images.iter().map(|image| format!("{} {}", image.name, image.source.display())).collect()
}

#[test]
fn images_are_joined_and_one_of_a_known_name_takes_its_place() {
    let low = "name = \"low\"\nversion = \"1\"\nextends = \"base\"\n\
               [[images]]\nname = \"web:1\"\nsource = \"web.tar\"\n[[images]]\nname = \"db:1\"\nsource = \"db\"\n\
               [[images]]\nname = \"old\"\nsource = \"old.tar\"\n[image]\nslot-size = \"2 GiB\"\nverity-size = \"32 MiB\"\n";
    let my = "name = \"my\"\nversion = \"1\"\nextends = \"./low/low.toml\"\nremove.images = [\"old\"]\n\
              [[image]]\nname = \"new\"\nsource = \"new.tar\"\n[[image]]\nname = \"web:1\"\nsource = \"my.tar\"\n";
    let merged = merged(&[("my.toml", my), ("low/low.toml", low)]).expect("the recipe is right");
    let shown = merged.to_toml();
    let plan = merged.plan().expect("the plan is right");
    assert_eq!(images(&plan), ["web:1 my.tar", "db:1 low/db", "new new.tar"]);
    assert_eq!(plan.image.slot_size.to_string(), "2 GiB");
    let place = |n: usize| plan.origin_of(&KeyPath::of(&["images"]).item(n).key("source"));
    assert_eq!(place(0).map(|origin| origin.to_string()).as_deref(), Some("my.toml:10"));
    assert_eq!(place(1).map(|origin| origin.to_string()).as_deref(), Some("low/low.toml:9"));
    let again = self::plan(&[("my.toml", &shown)]).expect("what is shown is a recipe");
    assert_eq!(images(&again), images(&plan));
}

#[test]
fn a_plan_says_which_digest_an_image_has_to_have_and_not_where_it_lies() {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let text = |source: &str| {
        let body = format!("[[image]]\nname = \"web:1\"\nsource = \"{source}\"\ndigest = \"{digest}\"\n");
        let head = "name = \"my\"\nversion = \"1\"\nextends = \"base\"\n";
        let plan = plan(&[("my.toml", &format!("{head}{body}"))]).expect("the recipe is right");
        serde_json::to_string(&plan).expect("a plan can be written")
    };
    assert_eq!(text("a.tar"), text("b/c"));
    assert!(text("a.tar").contains(&format!("\"images\":[{{\"name\":\"web:1\",\"digest\":\"{digest}\"}}]")));
}
