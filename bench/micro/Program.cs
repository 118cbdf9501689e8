using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Perfolizer.Metrology;
using Warren.Bench;

// In this process: a project of its own for each benchmark would not find what this one is built with.
// What allocates is told; how long is a look, for Warren itself is compiled ahead of time.
IConfig config = DefaultConfig
    .Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithIterationTime(TimeInterval.FromMilliseconds(250)))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .WithOptions(ConfigOptions.JoinSummary)
    .WithArtifactsPath("artifacts/bench/micro");
BenchmarkSwitcher.FromTypes([typeof(Wire), typeof(Files), typeof(Plans)]).Run(args.Length == 0 ? ["--filter", "*"] : args, config);
