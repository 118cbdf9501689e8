using AwesomeAssertions;
using Warren.Kernel.Tests.Running;
using Xunit;

namespace Warren.Kernel.Tests;

/// <summary>A host whose resolv.conf names a stub on 127.0.0.53, which no namespace can reach: property 30.</summary>
public sealed class NameServers
{
    private const string Upstream = "/run/systemd/resolve/resolv.conf";

    private static Sandbox WithStub()
    {
        Sandbox sandbox = Sandbox.Start();
        sandbox.Do($"mkdir -p /run/systemd/resolve; echo 'nameserver 10.0.0.2' >{Upstream}; rm -f /etc/resolv.conf; echo 'nameserver 127.0.0.53' >/etc/resolv.conf");
        return sandbox;
    }

    [Fact]
    public void Those_behind_the_stub_take_its_place_and_are_followed()
    {
        using Sandbox sandbox = WithStub();
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1");
        sandbox.Do("warren exec web1 -- cat /etc/resolv.conf").Should().Be("nameserver 10.0.0.2\n");
        sandbox.Do("ip netns exec web1 cat /etc/resolv.conf").Should().Be("nameserver 10.0.0.2\n");
        // as systemd-resolved does it when another cable is plugged in
        sandbox.Do($"echo 'nameserver 10.0.0.3' >{Upstream}.new; mv {Upstream}.new {Upstream}");
        sandbox.Do("warren exec web1 -- cat /etc/resolv.conf").Should().Be("nameserver 10.0.0.3\n");
        sandbox.Do("cat /etc/resolv.conf").Should().Be("nameserver 127.0.0.53\n", "the host's own stays");
        sandbox.Do("warren add web1").Should().Be("nothing to do\n");
        sandbox.Do($"echo 'nameserver 10.0.0.2' >{Upstream}; warren rm web1");
        sandbox.ShouldBe(before);
    }

    // as systemd-resolved has it, and as NetworkManager: each renames new files over both when another cable is plugged in
    [Theory]
    [InlineData("/run/systemd/resolve/stub-resolv.conf", Upstream)]
    [InlineData("/run/NetworkManager/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf")]
    public void Programs_that_run_see_new_ones(string stub, string upstream)
    {
        using Sandbox sandbox = Sandbox.Start();
        sandbox.Do($"mkdir -p {Path.GetDirectoryName(stub)}; echo 'nameserver 127.0.0.53' >{stub}; echo 'nameserver 10.0.0.2' >{upstream}; rm -f /etc/resolv.conf; ln -s {stub} /etc/resolv.conf");
        sandbox.Do("warren add web1");
        Launched program = sandbox.Host.Start("exec warren exec web1 -- sh -c 'while cat /etc/resolv.conf && read go; do :; done'");
        program.ReadLine("nameserver 10.0.0.2");
        sandbox.Do($"for file in {stub} {upstream}; do sed 's/10.0.0.2/10.0.0.3/' $file >$file.new; mv $file.new $file; done");
        program.Write("go\n");
        program.ReadLine("nameserver 1").Should().Be("nameserver 10.0.0.3");
        sandbox.Do("cat /etc/resolv.conf").Should().Be("nameserver 127.0.0.53\n", "the host's own stays");
    }

    [Fact]
    public void Programs_that_run_keep_those_of_the_file()
    {
        using Sandbox sandbox = Sandbox.Start();
        const string Stub = "/run/systemd/resolve/stub-resolv.conf";
        sandbox.Do($"mkdir -p /run/systemd/resolve; echo 'nameserver 127.0.0.53' >{Stub}; rm -f /etc/resolv.conf; ln -s {Stub} /etc/resolv.conf; mkdir -p /etc/netns/web1; echo 'nameserver 192.0.2.1' >/etc/netns/web1/resolv.conf");
        sandbox.Do("warren add web1");
        Launched program = sandbox.Host.Start("exec warren exec web1 -- sh -c 'while cat /etc/resolv.conf && read go; do :; done'");
        program.ReadLine("nameserver 192.0.2.1");
        sandbox.Do($"cp {Stub} {Stub}.new; mv {Stub}.new {Stub}");
        program.Write("go\n");
        program.ReadLine("nameserver").Should().Be("nameserver 192.0.2.1");
    }

    [Fact]
    public void A_link_that_leads_nowhere_covers_nothing()
    {
        using Sandbox sandbox = WithStub();
        sandbox.Do("mkdir -p /etc/netns/web1; ln -s /run/gone /etc/netns/web1/hosts; warren add web1");
        sandbox.Do("warren exec web1 -- cat /etc/hosts").Should().Be(sandbox.Do("cat /etc/hosts"));
    }

    [Fact]
    public void A_name_is_looked_up_there()
    {
        using Sandbox sandbox = WithStub();
        sandbox.Do("warren add web1");
        Launched server = sandbox.Outside.Start(
            "exec python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"10.0.0.2\", 53)); print(\"up\", flush=True);"
                + " d, a = s.recvfrom(512); s.sendto(d[:2] + b\"\\x81\\x80\\x00\\x01\\x00\\x01\\x00\\x00\\x00\\x00\" + d[12:d.index(b\"\\x00\", 12) + 5]"
                + " + b\"\\xc0\\x0c\\x00\\x01\\x00\\x01\\x00\\x00\\x00\\x3c\\x00\\x04\\x08\\x08\\x08\\x08\", a)'"
        );
        server.ReadLine("up");
        sandbox
            .Do("warren exec web1 -- python3 -c 'import socket; print(socket.getaddrinfo(\"example.test\", 80, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])'")
            .Should()
            .Be("8.8.8.8\n");
    }

    [Fact]
    public void A_file_of_somebody_else_stays()
    {
        using Sandbox sandbox = WithStub();
        sandbox.Do("mkdir -p /etc/netns/web1; echo 'nameserver 192.0.2.1' >/etc/netns/web1/resolv.conf");
        string[] before = sandbox.Snapshot();
        sandbox.Do("warren add web1");
        sandbox.Do("warren exec web1 -- cat /etc/resolv.conf").Should().Be("nameserver 192.0.2.1\n");
        sandbox.Do("warren rm web1");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void What_a_file_asks_for_comes_first()
    {
        using Sandbox sandbox = WithStub();
        string[] before = sandbox.Snapshot();
        sandbox.Do("printf 'name: dns\\nnamespaces:\\n  web1: { dns: [192.0.2.9] }\\n  web2:\\n' >/run/sandbox/warren.yaml");
        sandbox.Do("warren up -d -f /run/sandbox/warren.yaml");
        sandbox.Do("warren exec web1 -- cat /etc/resolv.conf").Should().Contain("nameserver 192.0.2.9\n");
        sandbox.Do("warren exec web2 -- cat /etc/resolv.conf").Should().Be("nameserver 10.0.0.2\n");
        sandbox.Do("sed -i 's/{ dns.*}//' /run/sandbox/warren.yaml; warren up -d -f /run/sandbox/warren.yaml");
        sandbox.Do("warren exec web1 -- cat /etc/resolv.conf").Should().Be("nameserver 10.0.0.2\n");
        sandbox.Do("warren up -d -f /run/sandbox/warren.yaml").Should().Contain("nothing to do");
        sandbox.Do("rm /etc/netns/web2/resolv.conf; warren status -f /run/sandbox/warren.yaml || test $? = 6").Should().Contain("missing: /etc/netns/web2/resolv.conf");
        sandbox.Do("warren down -f /run/sandbox/warren.yaml; rm /run/sandbox/warren.yaml");
        sandbox.ShouldBe(before);
    }

    [Fact]
    public void The_commands_that_are_printed_do_the_same()
    {
        using Sandbox sandbox = WithStub();
        sandbox.Do("warren add web1 --shell >/run/sandbox/script; sh -e /run/sandbox/script");
        sandbox.Do("readlink /etc/netns/web1/resolv.conf").Should().Be(Upstream + "\n");
        sandbox.Do("warren add web1").Should().Be("nothing to do\n");
    }
}
