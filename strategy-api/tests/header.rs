//! The C header is what the layout says, and a C and a C++ compiler accept it.

use std::{collections::BTreeMap, fs, path::Path, process::Command, sync::Once};

use strategy_api::abi::layout::{
    ParamSpec, PluginEntry, Progress, RawColumn, RawEvent, RawFill, RawOrder, RawReport, RawSeries,
    RunBlock, Str, StrategyDef,
};

const HEADER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/include/strategy_api.h");
const ABI: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/abi");

/// Names in C, where there are no modules.
const TYPES: [(&str, &str); 18] = [
    ("Str", "StrategyText"),
    ("ParamSpec", "StrategyParam"),
    ("State", "StrategyState"),
    ("StrategyDef", "StrategyDef"),
    ("PluginEntry", "StrategyPlugin"),
    ("RawSeries", "StrategySeries"),
    ("RawColumn", "StrategyColumn"),
    ("RawOrder", "StrategyOrder"),
    ("RawFill", "StrategyFill"),
    ("RawReport", "StrategyReport"),
    ("RawEvent", "StrategyEvent"),
    ("Progress", "StrategyProgress"),
    ("RunBlock", "StrategyBlock"),
    ("StartFn", "StrategyStartFn"),
    ("RunFn", "StrategyRunFn"),
    ("DropFn", "StrategyDropFn"),
    ("ExtensionFn", "StrategyExtensionFn"),
    ("StrategyFn", "StrategyFn"),
];

fn names() -> BTreeMap<String, String> {
    let codes = fs::read_to_string(format!("{ABI}/codes.rs")).unwrap();
    let codes = codes.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    let codes = codes.map(|name| (name.to_owned(), format!("STRATEGY_{name}")));
    let types = TYPES.map(|(name, in_c)| (name.to_owned(), in_c.to_owned()));
    codes.chain(types).collect()
}

fn generate() -> String {
    let mut config = cbindgen::Config {
        language: cbindgen::Language::C,
        header: Some(include_str!("header_top.h").trim_end().to_owned()),
        sys_includes: ["math.h", "stddef.h", "stdint.h", "string.h"].map(str::to_owned).to_vec(),
        no_includes: true,
        // An opaque structure; cbindgen would give it an array of no length, which C does not have.
        after_includes: Some("\ntypedef struct StrategyState StrategyState;".to_owned()),
        trailer: Some(include_str!("header_bottom.h").trim_end().to_owned()),
        cpp_compat: true,
        usize_is_size_t: true,
        style: cbindgen::Style::Both,
        documentation_style: cbindgen::DocumentationStyle::C99,
        ..cbindgen::Config::default()
    };
    config.export.rename = names().into_iter().collect();
    config.export.exclude = vec!["State".to_owned()];
    config.export.include = TYPES.map(|(name, _)| name.to_owned()).to_vec();
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(format!("{ABI}/codes.rs"))
        .with_src(format!("{ABI}/layout.rs"))
        .generate()
        .expect("cbindgen reads the layout");
    let mut text = Vec::new();
    bindings.write(&mut text);
    in_terms_of_c(String::from_utf8(text).unwrap())
}

/// The comments name things as C does.
fn in_terms_of_c(mut text: String) -> String {
    for (name, in_c) in names() {
        text = text.replace(&format!("[`{name}`]"), &in_c).replace(&format!("`{name}`"), &in_c);
    }
    let lists = [
        "PARAM_",
        "ACTION_",
        "KIND_",
        "SIZE_",
        "TIF_",
        "CALLBACK_",
        "COLUMN_",
        "STATE_",
        "EVENT_",
        "INPUT_",
    ];
    for list in lists {
        text = text.replace(&format!("`{list}` codes"), &format!("STRATEGY_{list} codes"));
    }
    text
}

/// The header as it stands, brought up to date first when that was asked for.
fn held() -> String {
    static UPDATE: Once = Once::new();
    UPDATE.call_once(|| {
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::write(HEADER, generate()).unwrap();
        }
    });
    fs::read_to_string(HEADER).unwrap_or_default()
}

#[test]
fn the_header_is_that_of_the_layout() {
    assert!(
        held() == generate(),
        "include/strategy_api.h is not that of src/abi: run this test with UPDATE_SNAPSHOTS=1 and read the difference"
    );
}

/// Lets a compiler check a source that begins with the header, included twice.
fn check(compiler: &str, name: &str, options: &[&str], source: &str) {
    assert!(!held().is_empty(), "there is no header");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, format!("#include \"{HEADER}\"\n#include \"{HEADER}\"\n{source}")).unwrap();
    let strict = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"];
    let output = Command::new(compiler).args(options).args(strict).arg(path).output();
    let output = output.unwrap_or_else(|error| {
        panic!("the C door is tested with a C compiler, and `{compiler}` does not start: {error}")
    });
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{compiler} {options:?}:\n{words}");
}

#[test]
fn a_c_compiler_accepts_the_header_without_a_warning() {
    check("cc", "c99.c", &["-std=c99"], "");
    check("cc", "c17.c", &["-std=c17"], "");
}

#[test]
fn a_cpp_compiler_accepts_the_header_where_there_is_one() {
    if Command::new("c++").arg("--version").output().is_ok() {
        check("c++", "cpp11.cpp", &["-std=c++11"], "");
    }
}

#[test]
fn c_and_rust_agree_on_the_sizes() {
    let sizes = [
        ("StrategyText", size_of::<Str>()),
        ("StrategyParam", size_of::<ParamSpec>()),
        ("StrategyDef", size_of::<StrategyDef>()),
        ("StrategyPlugin", size_of::<PluginEntry>()),
        ("StrategySeries", size_of::<RawSeries>()),
        ("StrategyColumn", size_of::<RawColumn>()),
        ("StrategyOrder", size_of::<RawOrder>()),
        ("StrategyFill", size_of::<RawFill>()),
        ("StrategyReport", size_of::<RawReport>()),
        ("StrategyEvent", size_of::<RawEvent>()),
        ("StrategyProgress", size_of::<Progress>()),
        ("StrategyBlock", size_of::<RunBlock>()),
    ];
    let claim = |(name, size)| format!("_Static_assert(sizeof({name}) == {size}, \"{name}\");\n");
    let mut source: String = sizes.into_iter().map(claim).collect();
    source += &format!(
        "_Static_assert(offsetof(StrategyBlock, progress) == {}, \"progress\");\n",
        std::mem::offset_of!(RunBlock, progress)
    );
    check("cc", "sizes.c", &["-std=c11"], &source);
}
