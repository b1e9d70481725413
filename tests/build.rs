//! Makes a test function of every regress and isolation file, so that each runs, fails and can be asked for by its name.
use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    for (kind, folder, extension) in [
        ("regress", "regress/sql", "sql"),
        ("isolation", "isolation/specs", "spec"),
    ] {
        println!("cargo:rerun-if-changed={folder}");
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if let (Some(stem), true) = (
                stem,
                path.extension().is_some_and(|found| found == extension),
            ) {
                names.push(stem.to_owned());
            }
        }
        names.sort();
        let mut functions: String = names
            .iter()
            .map(|name| {
                format!("#[test]\nfn {name}() -> anyhow::Result<()> {{\n    run({name:?})\n}}\n")
            })
            .collect();
        // So that `run` has a use also where there is no file.
        functions.push_str("const _: fn(&str) -> anyhow::Result<()> = run;\n");
        fs::write(Path::new(&out).join(format!("{kind}.rs")), functions)?;
    }
    Ok(())
}
