//! New strategies are written, built, tested and found.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use algo_trader::registry::RegistryError;

use crate::{
    source::project,
    support::plugins::{Folder, names, program},
};

#[test]
fn a_new_strategy_outside_of_the_workspace_builds_passes_its_test_and_is_found() {
    let folder = Folder::new();
    let registry = folder.scan();
    let created = registry.create("my_idea", Some(folder.home())).unwrap();
    assert!(!created.in_workspace);
    fs::copy(project().join("Cargo.lock"), created.folder.join("Cargo.lock")).unwrap();
    let target = program().parent().unwrap().parent().unwrap().join("new-strategy");
    cargo(&created.folder, &["test", "--target-dir", target.to_str().unwrap()]);
    cargo(&created.folder, &["build", "--target-dir", target.to_str().unwrap()]);
    folder.put("libmy_idea.so", &target.join("debug/libmy_idea.so"));
    assert_eq!(names(&folder.scan().list()), ["my_idea"]);
    let again = registry.create("my_idea", Some(folder.home()));
    assert!(matches!(again, Err(RegistryError::Exists(_))));
    let taken = folder.scan().create("my_idea", None).unwrap_err();
    assert!(matches!(taken, RegistryError::BadNewName { .. }), "{taken}");
}

#[test]
fn a_new_strategy_in_the_workspace_is_a_member_and_is_found_where_it_is_built() {
    let folder = Folder::new();
    let root = folder.home();
    let manifest = fs::read_to_string(project().join("Cargo.toml")).unwrap();
    let lines = manifest.lines().map(|line| match line.split(" = ").next() {
        Some("members") => "members = [\"strategy-api\", \"plugins/*\"]",
        Some("default-members") => "",
        _ => line,
    });
    fs::write(root.join("Cargo.toml"), lines.collect::<Vec<_>>().join("\n")).unwrap();
    fs::copy(project().join("Cargo.lock"), root.join("Cargo.lock")).unwrap();
    symlink(project().join("strategy-api"), root.join("strategy-api")).unwrap();
    let created = folder.scan().create("my_idea", None).unwrap();
    assert_eq!((created.in_workspace, created.folder), (true, folder.path("my_idea")));
    let target = program().parent().unwrap().parent().unwrap().join("new-member");
    cargo(root, &["test", "--package", "my_idea", "--target-dir", target.to_str().unwrap()]);
    cargo(root, &["build", "--package", "my_idea", "--target-dir", target.to_str().unwrap()]);
    symlink(target, root.join("target")).unwrap();
    assert_eq!(names(&folder.scan().list()), ["my_idea"]);
}

fn cargo(folder: &Path, what: &[&str]) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(what).args(["--quiet", "--offline"]).current_dir(folder);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
