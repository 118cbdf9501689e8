using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests.Namespaces;

public class NetworkNamespaces
{
    [Fact]
    public void What_is_made_is_what_ip_netns_shows() =>
        InNamespace.Run(
            () =>
            {
                NamespaceNames.FolderNeeds().Should().Be(FolderMade.FolderAndMount);
                NamespaceNames.PrepareFolder();
                NamespaceNames.FolderNeeds().Should().Be(FolderMade.Nothing);
                NamespaceNames.PrepareFolder();
                ulong home = Current();
                ulong inside = NetworkNamespace.Create("web1", Current);
                inside.Should().NotBe(home);
                Current().Should().Be(home, "the thread came back");
                using NetworkNamespace opened = NetworkNamespace.Open("web1");
                opened.Inode.Should().Be(inside);
                opened.Run(Current).Should().Be(inside);
                Current().Should().Be(home);
                InNamespace.Command("ip", "netns", "list").Trim().Should().Be("web1");
                InNamespace.Command("ip", "netns", "exec", "web1", "readlink", "/proc/self/ns/net").Trim().Should().Be($"net:[{inside}]");
                InNamespace.Command("stat", "-c", "%a", "/run/netns/web1").Trim().Should().Be("444");
                NamespaceNames.List().Should().Equal("web1");
                NamespaceNames.StateOf("web1").Should().Be(NameState.Namespace);
                NamespaceNames.Remove("web1");
                NamespaceNames.StateOf("web1").Should().Be(NameState.Absent);
                NamespaceNames.RemoveFolder(FolderMade.FolderAndMount).Should().BeTrue();
                Directory.Exists("/run/netns").Should().BeFalse();
            },
            mounts: true
        );

    [Fact]
    public void One_of_ip_netns_is_opened_and_removed() =>
        InNamespace.Run(
            () =>
            {
                InNamespace.Command("ip", "netns", "add", "mine");
                NamespaceNames.FolderNeeds().Should().Be(FolderMade.Nothing);
                NamespaceNames.StateOf("mine").Should().Be(NameState.Namespace);
                using (NetworkNamespace opened = NetworkNamespace.Open("mine"))
                    opened.Run(Current).Should().Be(opened.Inode).And.NotBe(Current());
                NamespaceNames.RemoveFolder(FolderMade.Mount).Should().BeFalse("a name is left");
                NamespaceNames.Remove("mine");
                InNamespace.Command("ip", "netns", "list").Should().BeEmpty();
            },
            mounts: true
        );

    [Fact]
    public void A_name_that_is_taken_is_refused() =>
        InNamespace.Run(
            () =>
            {
                NamespaceNames.PrepareFolder();
                ulong first = NetworkNamespace.Create("web1", Current);
                Action again = () => NetworkNamespace.Create("web1", Current);
                again.Should().Throw<NetlinkException>().WithMessage("create network namespace web1: *").Which.Errno.Should().Be(Errno.Exists);
                using NetworkNamespace opened = NetworkNamespace.Open("web1");
                opened.Inode.Should().Be(first);
            },
            mounts: true
        );

    // what ip netns add leaves when it is cut off between its two calls
    [Fact]
    public void A_file_without_a_namespace_is_half_made_and_taken_over() =>
        InNamespace.Run(
            () =>
            {
                NamespaceNames.PrepareFolder();
                File.WriteAllText("/run/netns/web1", "");
                NamespaceNames.StateOf("web1").Should().Be(NameState.HalfMade);
                NamespaceNames.List().Should().Equal("web1");
                Action open = () => NetworkNamespace.Open("web1").Dispose();
                open.Should().Throw<NetlinkException>().Which.Errno.Should().Be(Errno.Invalid);
                ulong made = NetworkNamespace.Create("web1", Current);
                using NetworkNamespace opened = NetworkNamespace.Open("web1");
                opened.Inode.Should().Be(made);
                File.WriteAllText("/run/netns/half", "");
                NamespaceNames.Remove("half");
                NamespaceNames.StateOf("half").Should().Be(NameState.Absent);
            },
            mounts: true
        );

    [Fact]
    public void Stacked_mounts_come_off_together() =>
        InNamespace.Run(
            () =>
            {
                NamespaceNames.PrepareFolder();
                NetworkNamespace.Create("web1", Current);
                for (int i = 0; i < 3; i++)
                    InNamespace.Command("mount", "--bind", "/proc/self/ns/net", "/run/netns/web1");
                File.ReadAllLines("/proc/thread-self/mountinfo").Count(line => line.Contains(" /run/netns/web1 ", StringComparison.Ordinal)).Should().BeGreaterThan(3);
                NamespaceNames.Remove("web1");
                NamespaceNames.StateOf("web1").Should().Be(NameState.Absent);
                File.ReadAllText("/proc/thread-self/mountinfo").Should().NotContain("/run/netns/web1");
            },
            mounts: true
        );

    [Fact]
    public void Nothing_is_named_if_furnishing_fails() =>
        InNamespace.Run(
            () =>
            {
                NamespaceNames.PrepareFolder();
                ulong home = Current();
                Action make = () => NetworkNamespace.Create<int>("web1", () => throw new InvalidOperationException("no chairs"));
                make.Should().Throw<InvalidOperationException>().WithMessage("no chairs");
                NamespaceNames.List().Should().BeEmpty();
                Current().Should().Be(home);
            },
            mounts: true
        );

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void A_name_that_leads_elsewhere_is_refused(string name)
    {
        Action state = () => NamespaceNames.StateOf(name);
        state.Should().Throw<ArgumentException>();
        Action remove = () => NamespaceNames.Remove(name);
        remove.Should().Throw<ArgumentException>();
        Action open = () => NetworkNamespace.Open(name).Dispose();
        open.Should().Throw<ArgumentException>();
        Action create = () => NetworkNamespace.Create(name, () => 0);
        create.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_link_under_a_name_is_not_followed() =>
        InNamespace.Run(
            () =>
            {
                NamespaceNames.PrepareFolder();
                File.CreateSymbolicLink("/run/netns/web1", "/run/elsewhere");
                File.WriteAllText("/run/elsewhere", "precious");
                Action make = () => NetworkNamespace.Create("web1", Current);
                make.Should().Throw<NetlinkException>();
                File.ReadAllText("/run/elsewhere").Should().Be("precious");
            },
            mounts: true
        );

    // Property 35: the pool's threads would make every later socket in the wrong namespace, if only one of them stayed behind.
    [Fact]
    public void No_thread_of_the_pool_stays_behind() =>
        InNamespace.Run(() =>
        {
            ulong home = Task.Run(Current).Result;
            using NetworkNamespace here = NetworkNamespace.OpenCurrent();
            ulong inside = here.Inode;
            inside.Should().NotBe(home);
            const int Times = 400;
            Task<(ulong Inside, ulong After)>[] tasks =
            [
                .. Enumerable.Range(0, Times).Select(i => Task.Run(() => (Run(here, i), Current()))),
            ];
            Task.WaitAll(tasks);
            tasks.Select(task => task.Result).Should().OnlyContain(each => each.Inside == inside && each.After == home);
            // threads that the pool made meanwhile
            using var all = new CountdownEvent(32);
            Task<ulong>[] later =
            [
                .. Enumerable
                    .Range(0, 32)
                    .Select(_ => Task.Factory.StartNew(
                        () =>
                        {
                            all.Signal();
                            all.Wait(TimeSpan.FromSeconds(5));
                            return Current();
                        },
                        CancellationToken.None,
                        TaskCreationOptions.None,
                        TaskScheduler.Default
                    )),
            ];
            Task.WaitAll(later);
            later.Select(task => task.Result).Should().OnlyContain(each => each == home);
        });

    // some fail, as some will
    private static ulong Run(NetworkNamespace here, int i)
    {
        if (i % 7 != 0)
            return here.Run(Current);
        ulong seen = 0;
        try
        {
            here.Run<int>(() =>
            {
                seen = Current();
                throw new InvalidOperationException();
            });
        }
        catch (InvalidOperationException)
        {
            // the thread came back all the same
        }
        return seen;
    }

    private static ulong Current()
    {
        using NetworkNamespace current = NetworkNamespace.OpenCurrent();
        return current.Inode;
    }
}
