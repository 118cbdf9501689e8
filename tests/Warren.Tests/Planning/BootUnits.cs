using System.Diagnostics;
using AwesomeAssertions;
using Warren.Planning;
using Warren.Planning.Steps;
using Warren.Tests.Architecture;
using Xunit;

namespace Warren.Tests.Planning;

/// <summary>The units by which projects come back after a reboot: their whole texts, and the plans that make and remove them.</summary>
public sealed class BootUnits
{
    private const string Folder = "tests/Warren.Tests/Units";

    private static BootWish Shop => new("shop", "/usr/local/bin/warren", ["/srv/shop/warren.yaml"]);

    private static BootWish Odd =>
        new("odd~0123ab", "/opt/my tools/100%/warren", ["/srv/it's \"$HOME\"/%n\\x/warren.yaml", "/srv/more.yaml"])
        {
            Environment = [new("SUDO_UID", "1000"), new("SUDO_GID", "1000"), new("SUDO_USER", "alice"), new("GREETING", "say \"hi\" to 100% of\nthem, for $5 \\")],
            Account = "alice",
            LeaveNeighbours = true,
            StopTime = TimeSpan.FromMinutes(3),
        };

    private static BootWish Wish(string name) => name == "shop" ? Shop : Odd;

    [Theory]
    [InlineData("shop")]
    [InlineData("odd")]
    public void Are_these(string name) => (BootUnit.Text(Wish(name)) + "\n").ShouldBeIn($"{Folder}/{name}.service");

    [Theory]
    [InlineData("shop")]
    [InlineData("odd")]
    public void Are_understood_by_systemd(string name)
    {
        const string Program = "/usr/bin/systemd-analyze";
        if (!File.Exists(Program))
            Assert.Skip("systemd-analyze is not installed");
        string folder = Directory.CreateTempSubdirectory("warren-units-").FullName;
        try
        {
            // a program that is there, or it would be told that it is not
            string program = Path.Combine(folder, name == "shop" ? "warren" : "my 100% $warren");
            File.WriteAllText(program, "#!/bin/sh\n");
            Run("/bin/chmod", "700", program);
            string unit = Path.Combine(folder, BootUnit.NameOf(Wish(name).Project));
            File.WriteAllText(unit, BootUnit.Text(Wish(name) with { Program = program }) + "\n");
            Run(Program, "verify", "--man=no", "--recursive-errors=no", unit).Should().Be("", "that is what it says of a unit without a mistake");
            // which it would not say of one with a mistake
            File.WriteAllText(unit, BootUnit.Text(Wish(name) with { Program = program }).Replace("[Service]", "[Service]\nRestrat=always", StringComparison.Ordinal) + "\n");
            Run(Program, "verify", "--man=no", "--recursive-errors=no", unit).Should().Contain("Restrat");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("shop", "warren-shop.service")]
    [InlineData("my-shop_2.eu", "warren-my-shop_2.eu.service")]
    [InlineData("shop~0123ab", "warren-shop-0123ab.service")]
    public void Have_names_that_need_no_escape(string project, string name)
    {
        BootUnit.NameOf(project).Should().Be(name);
        BootUnit.ProjectOf(name, BootUnit.Text(Shop with { Project = project })).Should().Be(project);
        const string Program = "/usr/bin/systemd-escape";
        if (File.Exists(Program))
            Run(Program, "--mangle", name).Should().Be(name);
    }

    [Theory]
    [InlineData("warren-shop2.service", "# made by warren for project shop\n")]
    [InlineData("warren-shop.service", "# made by warren for project shop")]
    [InlineData("warren-shop.service", "[Unit]\n")]
    [InlineData("warren-a b.service", "# made by warren for project a b\n")]
    [InlineData("warren-.service", "# made by warren for project \n")]
    public void Of_others_have_no_project(string name, string text) => BootUnit.ProjectOf(name, text).Should().BeNull();

    [Fact]
    public void Come_and_go_by_steps_that_undo_each_other()
    {
        Plan enable = BootPlan.Enable(new ObservedBoot { SystemdRuns = true }, Shop);
        enable.Steps.Select(step => step.ToString()).Should().Equal(
            "+ /etc/systemd/system/warren-shop.service: warren up -d at boot, services as root",
            "+ /etc/systemd/system/multi-user.target.wants/warren-shop.service",
            "~ systemctl daemon-reload, for systemd to read its units anew"
        );
        Plan disable = BootPlan.Disable(Standing(), "shop");
        disable.Steps.Select(step => step.ToString()).Should().Equal(
            "- /etc/systemd/system/multi-user.target.wants/warren-shop.service",
            "- /etc/systemd/system/warren-shop.service"
        );
        enable.Steps[1].Undo.Should().Be(disable.Steps[0]);
        enable.Steps[0].Undo.Should().Be(disable.Steps[1]);
        disable.Steps[1].Undo.Should().Be((WriteUnit)enable.Steps[0] with { Command = "" });
    }

    [Fact]
    public void That_stand_leave_nothing_to_do()
    {
        BootPlan.Enable(Standing(), Shop).IsEmpty.Should().BeTrue();
        BootPlan.Enable(Standing() with { Link = "../warren-shop.service" }, Shop).IsEmpty.Should().BeTrue();
        BootPlan.Disable(new ObservedBoot(), "shop").IsEmpty.Should().BeTrue();
        BootPlan.Enable(Standing(), Shop with { LeaveNeighbours = true }).Steps.Single().Sign.Should().Be('~');
    }

    [Fact]
    public void That_were_cut_off_are_completed_or_removed()
    {
        ObservedBoot unlinked = Standing() with { Link = null };
        BootPlan.Enable(unlinked, Shop).Steps.Should().Equal(new LinkUnit("shop"));
        BootPlan.Disable(unlinked, "shop").Steps.Single().Should().BeOfType<RemoveUnit>();
        ObservedBoot dangling = Standing() with { Unit = null };
        BootPlan.Enable(dangling, Shop).Steps.Single().Should().BeOfType<WriteUnit>();
        BootPlan.Disable(dangling, "shop").Steps.Should().Equal(new UnlinkUnit("shop"));
    }

    [Fact]
    public void Have_a_drop_in_if_asked_for_and_only_then()
    {
        BootWish lasting = Shop with { Persist = ["enp3s0.20", "eth0"] };
        Plan enable = BootPlan.Enable(Standing() with { SystemdRuns = true }, lasting);
        var write = enable.Steps.Should().ContainSingle("systemd reads no unit of it").Which.Should().BeOfType<WriteDropIn>().Subject;
        write.ToString().Should().Be("+ /etc/sysctl.d/90-warren-shop.conf: forwarding of enp3s0.20, eth0 from the boot on");
        write.Text.Should().Be(
            "# made by warren for project shop\n# warren disable shop removes it\n\n-net/ipv4/conf/enp3s0.20/forwarding = 1\n-net/ipv4/conf/eth0/forwarding = 1"
        );
        DropIn.LinksOf(write.Text).Should().Equal(lasting.Persist);
        DropIn.ProjectOf(DropIn.PathOf("shop"), write.Text).Should().Be("shop");
        DropIn.ProjectOf(DropIn.PathOf("shop2"), write.Text).Should().BeNull();

        ObservedBoot lasts = Standing() with { DropIn = write.Text, Idle = ["enp3s0.20", "eth0"] };
        BootPlan.Enable(lasts, lasting).IsEmpty.Should().BeTrue();
        BootPlan.Enable(lasts, lasting with { Persist = ["eth0"] }).Steps.Select(step => step.ToString()).Should().Equal(
            "~ /etc/sysctl.d/90-warren-shop.conf: forwarding of eth0 from the boot on",
            "~ forwarding of enp3s0.20: 1 -> 0"
        );
        Plan without = BootPlan.Enable(lasts, Shop);
        without.Steps.Select(step => step.ToString()).Should().Equal(
            "- /etc/sysctl.d/90-warren-shop.conf",
            "~ forwarding of enp3s0.20: 1 -> 0",
            "~ forwarding of eth0: 1 -> 0"
        );
        without.Steps[0].Undo.Should().Be(write);
        BootPlan.Disable(lasts with { Idle = [] }, "shop").Steps[^1].Should().Be(write.Undo);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# made by warren for project shop2\n")]
    [InlineData("net.ipv4.ip_forward = 1\n")]
    public void Beside_a_drop_in_of_others_are_refused(string text)
    {
        ObservedBoot observed = Standing() with { DropIn = text };
        foreach (Action action in (Action[])[() => BootPlan.Enable(observed, Shop), () => BootPlan.Disable(observed, "shop")])
            action.Should().Throw<RefusedException>().Which.Refusals.Single().What.Should().StartWith("/etc/sysctl.d/90-warren-shop.conf is there");
    }

    [Theory]
    [InlineData("eth0", true)]
    [InlineData("enp3s0.20", true)]
    [InlineData("br-0123456789ab", true)]
    [InlineData("e*", false)]
    [InlineData("a=b", false)]
    [InlineData("e[0]", false)]
    public void Can_keep_links_whose_names_are_no_patterns(string link, bool can) => DropIn.CanName(link).Should().Be(can);

    [Theory]
    [InlineData("[Unit]", null)]
    [InlineData("", null)]
    [InlineData("# made by warren for project shop2\n", null)]
    [InlineData(null, "/etc/systemd/system/other.service")]
    [InlineData(null, "")]
    public void Of_others_are_refused(string? unit, string? link)
    {
        var observed = new ObservedBoot { Unit = unit, Link = link };
        foreach (Action action in (Action[])[() => BootPlan.Enable(observed, Shop), () => BootPlan.Disable(observed, "shop")])
            action.Should().Throw<RefusedException>().Which.Kind.Should().Be(RefusalKind.Conflict);
        observed.IsEnabled("shop").Should().BeFalse();
    }

    [Fact]
    public void Without_systemd_it_is_said_what_to_run()
    {
        Action enable = () => BootPlan.Enable(new ObservedBoot { HasSystemd = false }, Odd);
        Refusal refusal = enable.Should().Throw<RefusedException>().Which.Refusals.Single();
        refusal.What.Should().Contain("no systemd");
        refusal.Remedy.Should().StartWith("'/opt/my tools/100%/warren' up -d -f '/srv/it'\\''s \"$HOME\"/%n\\x/warren.yaml' -f /srv/more.yaml, in what this host runs at boot");
    }

    private static ObservedBoot Standing() => new() { Unit = BootUnit.Text(Shop), Link = "/etc/systemd/system/warren-shop.service" };

    private static string Run(string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (output + errors.GetAwaiter().GetResult()).Trim();
    }
}
