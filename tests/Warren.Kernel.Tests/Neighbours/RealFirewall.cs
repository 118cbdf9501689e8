namespace Warren.Kernel.Tests.Neighbours;

/// <summary>A firewall of another program, made by that program itself, in a sandbox.</summary>
/// <param name="Name">Its name, as docs/neighbours.md has it.</param>
/// <param name="Programs">What must be installed.</param>
internal sealed record RealFirewall(string Name, params string[] Programs)
{
    // what daemons write outside of /etc and /run
    private const string OwnVar =
        "mkdir -p /run/var/upper /run/var/work && mount -t overlay -o lowerdir=/var,upperdir=/run/var/upper,workdir=/run/var/work overlay /var";

    private const string Dockerd = """
        mount -t tmpfs tmpfs /sys/fs/cgroup
        for c in devices cpu cpuacct cpuset memory freezer blkio pids; do
            mkdir /sys/fs/cgroup/$c; mount -t cgroup -o $c cgroup /sys/fs/cgroup/$c || rmdir /sys/fs/cgroup/$c
        done
        [ -d /sys/fs/cgroup/devices ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
        exec dockerd --storage-driver vfs --data-root /run/dockerdata --exec-root /run/dockerexec --pidfile /run/dockerd.pid \
            -H unix:///run/docker.sock --containerd /run/containerd.sock
        """;

    // each try takes as long as firewall-cmd takes to start
    private const string AwaitFirewalld =
        "for i in $(seq 100); do firewall-cmd --state >/dev/null 2>&1 && exit; done; firewall-cmd --state";

    private const string Libvirt = """
        mkdir -p /var/log/libvirt /var/lib/libvirt /var/cache/libvirt /etc/libvirt
        getent passwd libvirt-qemu >/dev/null || echo libvirt-qemu:x:64055:64055::/:/bin/false >>/etc/passwd
        getent group libvirt-qemu >/dev/null || echo libvirt-qemu:x:64055: >>/etc/group
        getent group kvm >/dev/null || echo kvm:x:64056: >>/etc/group
        printf 'unix_sock_group="root"\nauth_unix_rw="none"\nauth_unix_ro="none"\n' >/etc/libvirt/libvirtd.conf
        cat >/run/network.xml <<'E'
        <network><name>default</name><forward mode='nat'/><bridge name='virbr0' stp='on' delay='0'/><dns enable='no'/>
        <ip address='192.168.122.1' netmask='255.255.255.0'/></network>
        E
        libvirtd -d -p /run/libvirtd.pid
        virsh -c network:///system net-create /run/network.xml
        """;

    /// <summary>Starts it.</summary>
    public required Action<Sandbox> Start { get; init; }

    /// <summary>Makes it write its rules again, in the way that its manual names for daily use.</summary>
    public required Action<Sandbox> Reload { get; init; }

    /// <summary>Ends it and starts it, after somebody emptied the tables.</summary>
    public required Action<Sandbox> Restart { get; init; }

    /// <summary>Commands of its own that must go on to work beside Warren's rules.</summary>
    public string[] Tools { get; init; } = [];

    public static IReadOnlyList<RealFirewall> All { get; } =
    [
        new("none", "nft") { Start = Nothing, Reload = Nothing, Restart = Nothing },
        new("docker", "dockerd", "containerd", "iptables")
        {
            Start = host =>
            {
                host.Do(OwnVar);
                host.Host.Start("exec containerd --root /run/containerd.data --state /run/containerd.state --address /run/containerd.sock 2>&1")
                    .ReadLine("containerd successfully booted");
                StartDocker(host);
            },
            Reload = RestartDocker,
            Restart = RestartDocker,
            Tools = ["iptables -S", "iptables -t nat -S", "iptables-save | iptables-restore"],
        },
        new("ufw", "ufw", "iptables")
        {
            Start = host => host.Do("ufw --force enable"),
            Reload = host => host.Do("ufw reload"),
            Restart = host => host.Do("/lib/ufw/ufw-init restart"),
            Tools = ["ufw status verbose", "ufw show raw", "ufw reload", "ufw allow 22/tcp", "ufw delete allow 22/tcp", "iptables-save | iptables-restore"],
        },
        new("ufw, MANAGE_BUILTINS=yes", "ufw", "iptables")
        {
            Start = host => host.Do("sed -i s/^MANAGE_BUILTINS=.*/MANAGE_BUILTINS=yes/ /etc/default/ufw; ufw --force enable"),
            Reload = host => host.Do("ufw reload"),
            Restart = host => host.Do("/lib/ufw/ufw-init restart"),
            Tools = ["ufw status", "ufw reload"],
        },
        Firewalld("nftables"),
        Firewalld("iptables"),
        new("libvirt", "libvirtd", "virsh", "iptables")
        {
            Start = host => host.Do(OwnVar + "\n" + Libvirt),
            Reload = RestartLibvirt,
            Restart = RestartLibvirt,
            Tools = ["iptables -S", "virsh -c network:///system net-list", "iptables-save | iptables-restore"],
        },
        new("iptables-legacy, policy DROP", "iptables-legacy")
        {
            Start = host => host.Do("iptables-legacy -P FORWARD DROP; iptables-legacy -A FORWARD -i docker0 -j ACCEPT"),
            Reload = host => host.Do("iptables-legacy-save >/run/saved; iptables-legacy-restore </run/saved"),
            Restart = host => host.Do("iptables-legacy -F; iptables-legacy -P FORWARD DROP; iptables-legacy -A FORWARD -i docker0 -j ACCEPT"),
            Tools = ["iptables-legacy -S", "iptables-legacy-save | iptables-legacy-restore --test"],
        },
        Text("LXD's rules", Scenarios.Lxd, "nft list ruleset"),
        Text("MicroK8s's rules, policy DROP", Scenarios.MicroK8s, "iptables -S", "iptables-save | iptables-restore") with
        {
            Reload = host => host.Do(Scenarios.KubeProxySync),
        },
    ];

    private static void Nothing(Sandbox host)
    {
        // there is none
    }

    private static RealFirewall Text(string name, string rules, params string[] tools) =>
        new(name, "iptables")
        {
            Start = host => host.Do(rules),
            Reload = host => host.Do(rules),
            Restart = host => host.Do(rules),
            Tools = tools,
        };

    private static RealFirewall Firewalld(string backend) =>
        new($"firewalld, {backend}", "firewalld", "firewall-cmd", "dbus-daemon", "iptables")
        {
            Start = host =>
            {
                host.Do(OwnVar);
                host.Do($"sed -i s/^FirewallBackend=.*/FirewallBackend={backend}/ /etc/firewalld/firewalld.conf");
                host.Do("mkdir -p /run/dbus; exec dbus-daemon --system --fork --nopidfile --address=unix:path=/run/dbus/system_bus_socket");
                StartFirewalld(host);
            },
            Reload = host => host.Do("firewall-cmd --reload"),
            Restart = host =>
            {
                host.Do(End("firewalld"));
                StartFirewalld(host);
            },
            Tools =
            [
                "firewall-cmd --check-config",
                "firewall-cmd --list-all",
                "firewall-cmd --add-port=9/tcp",
                "firewall-cmd --add-masquerade",
                "firewall-cmd --remove-masquerade",
                "firewall-cmd --zone=trusted --add-interface=ens9",
                "firewall-cmd --zone=trusted --remove-interface=ens9",
                "firewall-cmd --remove-port=9/tcp",
                "firewall-cmd --reload",
                "firewall-cmd --complete-reload",
            ],
        };

    private static void StartDocker(Sandbox host)
    {
        host.Do($"cat >/run/dockerd.sh <<'X'\n{Dockerd}\nX");
        host.Host.Start("exec unshare -C -m sh /run/dockerd.sh 2>&1").ReadLine("API listen on");
    }

    private static void RestartDocker(Sandbox host)
    {
        host.Do(End("dockerd"));
        StartDocker(host);
    }

    private static void StartFirewalld(Sandbox host)
    {
        host.Host.Start("echo $$ >/run/firewalld.pid; exec firewalld --nofork --nopid >/dev/null 2>&1");
        host.Do(AwaitFirewalld);
    }

    private static void RestartLibvirt(Sandbox host) =>
        host.Do(End("libvirtd") + "\nlibvirtd -d -p /run/libvirtd.pid && virsh -c network:///system net-list");

    private static string End(string daemon) =>
        $"p=$(cat /run/{daemon}.pid); kill $p; timeout 20 tail -s 0.05 --pid=$p -f /dev/null";
}
