//! Compiles `proto/` with no `protoc`: Rust types and stubs, and the descriptor set with all options.
use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new("../../proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    collect(root, root, &mut files)?;
    files.sort();
    let mut compiler = protox::Compiler::new([root])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    // The encoded form keeps the extension options; `file_descriptor_set()` loses them.
    fs::write(out.join("descriptor.bin"), compiler.encode_file_descriptor_set())?;

    let mut set = compiler.file_descriptor_set();
    // Read through the descriptors alone; as Rust it would only bring broken doc tests.
    set.file.retain(|file| file.package() != "google.api");
    let mut config = prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure().bytes(".").include_file("_pb.rs").compile_fds_with_config(set, config)?;
    Ok(())
}

/// Lists the `.proto` files below `dir` as paths relative to `root`, and watches each directory.
fn collect(root: &Path, dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", dir.display());
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "proto") {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path.strip_prefix(root)?.to_owned());
        }
    }
    Ok(())
}
