//! What a person reads when a recipe is wrong: one snapshot a class of errors.

use crate::common::{plan, shown};

/// The errors of a recipe that extends `base` and has these lines below its head.
fn errors(body: &str) -> String {
    let text = format!("name = \"my\"\nversion = \"1\"\nextends = \"base\"\n{body}");
    errors_of(&[("my.toml", &text)])
}

fn errors_of(files: &[(&str, &str)]) -> String {
    shown(&plan(files).expect_err("the recipe is wrong"))
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_that_exists() {
    insta::assert_snapshot!(errors("[kernel]\nmoduls = []\n"));
}

#[test]
fn an_unknown_key_like_no_other_is_answered_with_the_keys_there_are() {
    insta::assert_snapshot!(errors("[image]\nflavour = 3\n"));
}

#[test]
fn a_wrong_type_says_which_is_expected() {
    insta::assert_snapshot!(errors("services.a.exec = \"/usr/bin/a --serve\"\n[image]\nslot-size = 1024\n"));
}

#[test]
fn all_errors_of_a_file_are_shown_at_once_in_order() {
    insta::assert_snapshot!(errors(
        "[users.web]\nuid = 0\n[image]\ncompression = \"zstandard\"\nformats = [\"qcow\"]\npiece-size = \"128 kb\"\n\
         [archive]\nupdates = \"yes\"\n[packages.containerd]\nversion = \"1.7\"\n"
    ));
}

#[test]
fn a_bad_path_is_answered_with_the_plain_one() {
    insta::assert_snapshot!(errors(
        "[files]\n\"etc/motd\" = { content = \"\" }\n\"/etc/../shadow/\" = { content = \"\" }\n\
         \"/\" = { content = \"\" }\n[directories.\"/srv//a\"]\n"
    ));
}

#[test]
fn a_setuid_mode_is_refused() {
    insta::assert_snapshot!(errors("[files.\"/usr/bin/a\"]\ncontent = \"\"\nmode = \"4755\"\n"));
}

#[test]
fn a_broken_pattern_is_explained() {
    insta::assert_snapshot!(errors(
        "[packages.tzdata]\ndata = [\"/usr/share/zoneinfo/[a\", \"zoneinfo/**\"]\n\
         [kernel]\nmodules = [\"kernel/drivers/net/tun.ko\"]\n"
    ));
}

#[test]
fn a_recipe_has_its_own_name_and_version() {
    insta::assert_snapshot!(errors_of(&[("my.toml", "extends = \"base\"\n")]));
}

#[test]
fn a_recipe_that_extends_nothing_has_to_say_more() {
    insta::assert_snapshot!(errors_of(&[("my.toml", "name = \"my\"\nversion = \"1\"\n")]));
}

#[test]
fn an_item_may_not_stand_twice_in_a_list() {
    insta::assert_snapshot!(errors("[kernel]\nmodules = [\"nbd\", \"tun\", \"nbd\"]\n"));
}

#[test]
fn text_that_is_not_toml_is_shown_with_its_line() {
    insta::assert_snapshot!(errors("[kernel\nmodules = [\n\"a\" \"b\"]\n[image]\nformats = [raw]\n"));
}

#[test]
fn a_key_may_not_stand_twice() {
    insta::assert_snapshot!(errors("[image]\nformats = []\n[kernel]\n[image]\n"));
}

#[test]
fn an_extended_recipe_that_does_not_exist_is_shown_where_it_is_named() {
    insta::assert_snapshot!(errors_of(&[(
        "my.toml",
        "name = \"my\"\nversion = \"1\"\nextends = \"bsae\"\n"
    )]));
}

#[test]
fn an_extended_file_that_does_not_exist_is_shown_where_it_is_named() {
    let text = "name = \"my\"\nversion = \"1\"\nextends = \"../other.toml\"\n";
    insta::assert_snapshot!(errors_of(&[("my.toml", text)]));
}

#[test]
fn a_circle_of_recipes_is_named() {
    insta::assert_snapshot!(errors_of(&[
        ("my.toml", "name = \"my\"\nversion = \"1\"\nextends = \"./b.toml\"\n"),
        ("b.toml", "name = \"b\"\nversion = \"1\"\nextends = \"./c.toml\"\n"),
        ("c.toml", "name = \"c\"\nversion = \"1\"\nextends = \"./b.toml\"\n"),
    ]));
}

#[test]
fn errors_of_extended_recipes_are_shown_in_their_files() {
    insta::assert_snapshot!(errors_of(&[
        ("my.toml", "name = \"my\"\nversion = \"1\"\nextends = \"./b.toml\"\ncolour = 1\n"),
        (
            "b.toml",
            "name = \"b\"\nversion = \"1\"\nextends = \"base\"\n[kernel]\npackge = \"linux-image-amd64\"\n"
        ),
    ]));
}

#[test]
fn what_is_not_there_can_not_be_removed() {
    insta::assert_snapshot!(errors(
        "[remove]\nmodules = [\"virtio-net\"]\nservices = [\"containerd\"]\nfiles = [\"/etc/hostnam\"]\n"
    ));
}

#[test]
fn two_things_at_one_path_are_both_shown() {
    insta::assert_snapshot!(errors(
        "[files.\"/etc/hostname\"]\ncontent = \"a\"\n[links]\n\"/etc/hostname\" = \"/run/hostname\"\n\
         \"/etc/ssl\" = \"/run/ssl\"\n[directories.\"/etc/ssl/certs\"]\n"
    ));
}

#[test]
fn paths_that_would_not_be_seen_or_are_made_already_are_refused() {
    insta::assert_snapshot!(errors(
        "[files]\n\"/var/lib/a\" = { content = \"\" }\n\"/bin/a\" = { content = \"\" }\n\
         \"/etc/passwd\" = { content = \"\" }\n"
    ));
}

#[test]
fn two_users_may_not_have_one_number() {
    insta::assert_snapshot!(errors(
        "[users]\nweb = { uid = 900 }\ntime = { uid = 900 }\n[groups.x]\ngid = 900\n"
    ));
}

#[test]
fn every_image_has_root_already() {
    insta::assert_snapshot!(errors("[users.root]\nuid = 1\n[groups.web]\n"));
}

#[test]
fn names_of_users_groups_and_services_have_to_exist() {
    insta::assert_snapshot!(errors(
        "[users.web]\nuid = 900\ngroup = \"wwww\"\n[groups.www]\ngid = 901\n\
         [files.\"/srv/a\"]\ncontent = \"\"\nuser = \"wep\"\n\
         [services.agent]\nexec = [\"/usr/bin/agent\"]\nafter = [\"contanierd\"]\n\
         [services.containerd]\nexec = [\"containerd\"]\n[services.empty]\n"
    ));
}

#[test]
fn services_that_wait_for_one_another_are_named() {
    insta::assert_snapshot!(errors(
        "[services.a]\nexec = [\"/usr/bin/a\"]\nafter = [\"b\"]\n[services.b]\nexec = [\"/usr/bin/b\"]\nafter = [\"a\"]\n"
    ));
}

#[test]
fn what_a_service_may_do_is_checked_against_the_recipe() {
    insta::assert_snapshot!(errors(
        "[users.web]\nuid = 900\n\
         [services.a]\nexec = [\"/usr/bin/a\"]\nuser = \"wep\"\ngroups = [\"web\", \"disk\"]\n\
         capabilities = [\"CAP_NET_ADMN\"]\nrestart = \"on-failur\"\noom-score = 1001\n\
         directories = { state = [\"a/b\"], runtime = [\"corten\"] }\n\
         [services.a.limits]\nnofile = \"9:8\"\ncore = -1\nopenfiles = 3\n\
         [services.a.resources]\nmemory-max = \"512M\"\ncpu-weight = 0\nstartup-cpu-weight = \"lazy\"\n"
    ));
}

#[test]
fn what_a_service_may_do_does_not_contradict_itself() {
    insta::assert_snapshot!(errors(
        "[users.web]\nuid = 900\n\
         [services.a]\nexec = [\"/usr/bin/a\"]\nuser = \"web\"\ncapabilities = [\"all\"]\n\
         directories = { state = [\"web\"] }\n\
         [services.a.resources]\nmemory-max = \"1 MiB\"\nmemory-high = \"2 MiB\"\n\
         [services.b]\nexec = [\"/usr/bin/b\"]\ndirectories = { state = [\"web\"] }\n"
    ));
}

#[test]
fn a_file_has_one_content() {
    insta::assert_snapshot!(errors(
        "[files.\"/srv/a\"]\ncontent = \"\"\nsource = \"a\"\n[files.\"/srv/b\"]\n[files.\"/srv/c\"]\nsource = \"c\"\n"
    ));
}

#[test]
fn sizes_that_do_not_fit_are_answered_with_ones_that_do() {
    insta::assert_snapshot!(errors(
        "[image]\nslot-size = \"4 GiB\"\nverity-size = \"16 MiB\"\nesp-size = \"1000 KiB\"\npiece-size = \"96 KiB\"\n\
         formats = []\ncompression = \"lz4\"\ncompression-level = 3\n"
    ));
}

#[test]
fn a_package_from_which_nothing_is_taken_is_a_mistake() {
    insta::assert_snapshot!(errors("[packages.curl]\nversion = \">= 8\"\n"));
}

#[test]
fn arguments_that_are_the_builders_are_refused() {
    insta::assert_snapshot!(errors("[kernel]\ncommand-line = [\"corten.root-hash=00\", \"init=/bin/sh\"]\n"));
}

#[test]
fn names_in_a_wrong_form_are_answered_with_the_form() {
    insta::assert_snapshot!(errors(
        "[kernel]\ncommand-line = [\"a b\"]\n[archive]\nsuite = \"Trixie\"\n[packages]\nContainerd = { programs = [] }\n\
         [sysctl]\nkernel = 1\n[services.a.environment]\n1A = \"\"\n[users.\"a b\"]\nuid = 1\n[links]\n\"/a\" = \"\"\n"
    ));
}

#[test]
fn a_recipe_that_is_not_there_has_no_place() {
    let report = corten_recipe::Merged::load("container-hots", &corten_recipe::HostLoader).map(drop);
    insta::assert_snapshot!(shown(&report.expect_err("there is no such recipe")));
}

#[test]
fn a_key_goes_with_its_certificate() {
    insta::assert_snapshot!(errors("[secure-boot]\nkey = \"db.key\"\n"));
}

#[test]
fn images_have_a_name_and_a_source_and_each_name_once() {
    insta::assert_snapshot!(errors(
        "[[image]]\nname = \"web:1\"\nsource = \"a.tar\"\n[[image]]\nname = \"web:1\"\nsource = \"b.tar\"\n"
    ));
}

#[test]
fn what_is_wrong_with_an_image_is_shown_at_its_key() {
    insta::assert_snapshot!(errors(
        "[[image]]\nname = \"Web\"\nsource = \"a.tar\"\ndigest = \"sha256:00\"\n\
         [[image]]\nname = \"web@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n\
         [[image]]\nsource = 1\nformat = \"oci\"\n[remove]\nimages = [\"web:2\"]\n"
    ));
}

#[test]
fn nothing_is_put_among_the_images() {
    insta::assert_snapshot!(errors("[files.\"/usr/lib/corten/images/layers/x\"]\ncontent = \"\"\n"));
}

#[test]
fn a_list_of_images_beside_the_table_of_sizes_has_another_name() {
    let told = |body: &str, parts: &[&str]| {
        let shown = errors(body);
        assert!(parts.iter().all(|part| shown.contains(part)), "{shown}");
    };
    let list = "[[image]]\nname = \"web:1\"\nsource = \"a.tar\"\n";
    let help = "help: a recipe with `[image]` writes `[[images]]` for its container images";
    told(&format!("[image]\nslot-size = \"2 GiB\"\n{list}"), &["stands twice", help]);
    told(&format!("{list}[image]\nslot-size = \"2 GiB\"\n"), &["stands twice", help]);
    let help = "help: a container image is `[[image]]`, or `[[images]]` in a recipe with `[image]`";
    told("[image]\nname = \"web:1\"\n", &["unknown key `image.name`", help]);
    told("[image]\nsource = \"a.tar\"\n", &["unknown key `image.source`", help]);
    told("[[image]]\nname = \"web:1\"\n", &["`image[0].source` is missing"]);
    told("[[images]]\nname = \"web:1\"\n", &["`images[0].source` is missing"]);
}
