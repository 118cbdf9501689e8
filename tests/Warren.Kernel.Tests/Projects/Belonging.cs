using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests.Projects;

/// <summary>Whose a namespace is, and what comes of it.</summary>
public sealed class Belonging
{
    [Fact]
    public void A_namespace_of_another_file_is_refused_and_the_project_named()
    {
        using Sandbox sandbox = Sandbox.Start();
        string one = ProjectFiles.Write(sandbox, "one", "name: one\nnamespaces: {web1: {ports: ['6000:8080']}, web2: }");
        string two = ProjectFiles.Write(sandbox, "two", "name: two\nnamespaces: {web3: , web1: }");
        sandbox.Do($"warren up -d -f {one}");
        string[] before = sandbox.Snapshot();
        Ending refused = sandbox.Run($"warren up -d -f {two}");
        refused.ExitCode.Should().Be(3);
        refused.Errors.Should().Contain("web1").And.Contain("project one");
        sandbox.ShouldBe(before);
        sandbox.Do($"warren down -f {two}");
        sandbox.ShouldBe(before, "what is another's does not go down either");
    }

    [Fact]
    public void Two_files_stand_side_by_side()
    {
        using Sandbox sandbox = Sandbox.Start();
        string one = ProjectFiles.Write(sandbox, "one", "name: one\nnamespaces: {web1: {ports: ['6000:8080'], run: sleep 10001}}");
        string two = ProjectFiles.Write(sandbox, "two", "name: two\nnamespaces: {web2: {ports: ['6001:8080'], run: sleep 10002}}");
        string[] before = sandbox.Snapshot();
        ProjectFiles.Converge(sandbox, one, "one");
        ProjectFiles.Converge(sandbox, two, "two");
        ProjectFiles.Converge(sandbox, one, "one again");
        sandbox.Inside("web2").Serve("tcp", "8080", "two");
        sandbox.Do($"warren down -f {one}");
        sandbox.Do("ls /run/netns").Should().Be("web2\n");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6001).Should().StartWith("two");
        sandbox.Do($"warren status -f {two}").Should().Contain("web2").And.Contain("running");
        sandbox.Do($"warren down -f {two}");
        sandbox.ShouldBe(before);
        sandbox.Processes().Should().NotContain(line => line.Contains("sleep", StringComparison.Ordinal) || line.Contains("supervise", StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_made_by_add_is_taken_over_and_goes_down()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(sandbox, "file", "name: file\nnamespaces: {web1: {ports: ['6000:8080']}}");
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1 -p 6000:8080 -p 6001:8081");
        string address = sandbox.Do("warren ls | awk 'NR == 2 { print $3 }'");
        ProjectFiles.Converge(sandbox, path, "taken over");
        sandbox.Do("warren ls | awk 'NR == 2 { print $3 }'").Should().Be(address);
        sandbox.Do("warren ports").Should().Contain("6000").And.NotContain("6001");
        sandbox.Do($"warren down -f {path}");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void What_others_made_is_adopted_and_stays()
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do("ip netns add web1");
        string path = ProjectFiles.Write(sandbox, "file", "name: file\nnamespaces: {web1: {ports: ['6000:8080'], run: sleep 10001}, web2: }");
        string[] before = sandbox.Snapshot();
        ProjectFiles.Converge(sandbox, path, "adopted");
        sandbox.Inside("web1").Serve("tcp", "8080", "adopted");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("adopted");
        sandbox.Do($"warren down -f {path}");
        sandbox.ShouldBe(before);
        sandbox.Processes().Should().NotContain(line => line.Contains("sleep", StringComparison.Ordinal), "its services end, though it stays");
    }

    [Fact]
    public void Up_and_down_of_a_name_touch_only_that()
    {
        using Sandbox sandbox = Sandbox.Start();
        const string Text = "name: file\nnamespaces: {web1: {ports: ['6000:8080'], run: sleep 10001}, web2: {ports: ['6001:8080'], run: sleep 10002}}";
        string path = ProjectFiles.Write(sandbox, "file", Text);
        string[] before = sandbox.Snapshot();
        sandbox.Do($"warren up -d -f {path} web1");
        sandbox.Do("ls /run/netns").Should().Be("web1\n");
        sandbox.Do($"warren up -d -f {path} web2");
        sandbox.Processes().Should().Contain("sleep 10001").And.Contain("sleep 10002");
        sandbox.Do($"warren up -d -f {path}").Should().Contain("nothing to do");
        sandbox.Do($"warren down -f {path} web1");
        sandbox.Do("ls /run/netns").Should().Be("web2\n");
        sandbox.Processes().Should().NotContain("sleep 10001").And.Contain("sleep 10002");
        Ending unknown = sandbox.Run($"warren up -d -f {path} web9");
        unknown.ExitCode.Should().Be(4);
        sandbox.Do($"warren down -f {path} web2");
        sandbox.Processes().Should().NotContain(line => line.Contains("supervise", StringComparison.Ordinal), "the last service's supervisor ends");
        sandbox.ShouldBe(before, "the last one down is all down");
    }

    [Theory]
    [InlineData("warren rm web1 web2")]
    [InlineData("warren rm --all")]
    public void Removed_by_hand_nothing_is_left(string remove)
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(
            sandbox,
            "file",
            "name: file\nnamespaces: {web1: {ports: ['6000:8080'], dns: [1.1.1.1], run: {command: sleep 10001, restart: always}}, web2: {run: sleep 10002}}"
        );
        string[] before = sandbox.Snapshot();
        sandbox.Do($"warren up -d -f {path}");
        sandbox.Do(remove);
        sandbox.ShouldBe(before);
        sandbox.Processes().Should().OnlyContain(line => line.StartsWith("cat", StringComparison.Ordinal));
    }

    [Fact]
    public void One_removed_by_hand_takes_its_services_with_it_and_comes_back()
    {
        using Sandbox sandbox = Sandbox.Start();
        string path = ProjectFiles.Write(
            sandbox,
            "file",
            "name: file\nnamespaces: {web1: {run: {command: sleep 10001, restart: always}}, web2: {run: sleep 10002}}"
        );
        sandbox.Do($"warren up -d -f {path}");
        sandbox.Do("warren rm web1");
        sandbox.Processes().Should().NotContain("sleep 10001").And.Contain("sleep 10002");
        sandbox.Run($"warren status -f {path}").ExitCode.Should().Be(6);
        ProjectFiles.Converge(sandbox, path, "after rm");
        sandbox.Processes().Should().Contain("sleep 10001");
    }

    [Fact]
    public void Subnets_are_swapped_in_one_up()
    {
        using Sandbox sandbox = Sandbox.Start();
        const string Text = "name: file\nnamespaces:\n  web1: {{subnet: 192.168.{0}.0/24, ports: ['6000:8080']}}\n  web2: {{subnet: 192.168.{1}.0/24, ports: ['6001:8080']}}";
        string one = ProjectFiles.Write(sandbox, "one", string.Format(null, Text, 7, 8));
        string two = ProjectFiles.Write(sandbox, "two", string.Format(null, Text, 8, 7));
        ProjectFiles.Converge(sandbox, one, "first");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Inside("web2").Serve("tcp", "8080", "web2");
        ProjectFiles.Converge(sandbox, two, "swapped");
        sandbox.Do("ip -n web1 -o -4 addr show eth0").Should().Contain("192.168.8.2/24");
        sandbox.Do("ip -n web2 -o -4 addr show eth0").Should().Contain("192.168.7.2/24");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6000).Should().StartWith("web1", "the programs stay where they are");
        sandbox.Outside.Ask("tcp", Sandbox.HostAddress, 6001).Should().StartWith("web2");
    }

    // property 12: each port inside says which host port leads to it, before the swap or after it
    [Fact]
    public void Ports_are_swapped_in_one_up_and_no_connection_goes_astray()
    {
        using Sandbox sandbox = Sandbox.Start();
        const string Text = "name: file\nnamespaces:\n  web1: {{ports: ['{0}:8080', '6009:8089']}}\n  web2: {{ports: ['{1}:8080']}}";
        string one = ProjectFiles.Write(sandbox, "one", string.Format(null, Text, 6000, 6001));
        string two = ProjectFiles.Write(sandbox, "two", string.Format(null, Text, 6001, 6000));
        sandbox.Do($"warren up -d -f {one}");
        sandbox.Inside("web1").Serve("tcp", "8080", "web1");
        sandbox.Inside("web1").Serve("tcp", "8089", "other");
        sandbox.Inside("web2").Serve("tcp", "8080", "web2");
        // both ports are asked until told to stop; whatever answers is counted
        const string Ask = """
            import collections, socket, sys, threading
            seen, on = collections.Counter(), True
            def ask(port):
                while on:
                    try:
                        with socket.create_connection(("10.0.0.173", port), 5) as made:
                            seen[port, made.recv(99).split(b" ")[0].decode()] += 1
                    except OSError as e:
                        seen[port, type(e).__name__] += 1
            threads = [threading.Thread(target=ask, args=(port,)) for port in (6000, 6001, 6009)]
            [t.start() for t in threads]
            print("asking", flush=True)
            sys.stdin.readline()
            on = False
            [t.join() for t in threads]
            print(sorted(seen), flush=True)
            """;
        Launched asking = sandbox.Outside.StartCommand("python3", "-I", "-S", "-c", Ask);
        asking.ReadLine("asking");
        for (int i = 0; i < 6; i++)
        {
            sandbox.Do($"warren up -d -f {two}");
            sandbox.Do($"warren up -d -f {one}");
        }
        asking.Write("stop\n");
        Ending asked = asking.End();
        asked.Output.Should().Contain("(6000, 'web1')").And.Contain("(6001, 'web2')").And.Contain("(6009, 'other')");
        asked.Output.Should().NotContain("(6000, 'other')").And.NotContain("(6001, 'other')").And.NotContain("(6009, 'web").And.NotContain("RefusedError");
    }
}
