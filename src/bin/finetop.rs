use clap::Parser;

#[derive(Parser)]
enum Arguments {
    Demo(finetop::cli::demo::DemoArguments),
}

fn main() -> anyhow::Result<()> {
    let Arguments::Demo(arguments) = Arguments::parse();
    finetop::cli::demo::run(&arguments).map(|_| ())
}
