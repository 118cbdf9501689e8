namespace Warren.Kernel.Tests.Neighbours;

/// <summary>Firewalls of other programs, as scripts that make their rules.</summary>
internal static class Scenarios
{
    public const string NftPolicy = "nft 'add table inet filter; add chain inet filter forward { type filter hook forward priority 0; policy drop; }'";

    public const string LastRule = """
        nft -f - <<'E'
        table inet filter {
          chain forward {
            type filter hook forward priority filter + 10; policy accept;
            ct state vmap { established : accept, related : accept, invalid : drop }
            iifname "lan0" oifname "wan0" accept
            ip saddr { 10.9.0.0/16, 10.8.0.1 } accept
            counter log prefix "no way: " drop
          }
        }
        E
        """;

    public const string Jumps = """
        nft -f - <<'E'
        table ip custom {
          chain pass { type filter hook forward priority 0; policy accept; iifname "lo" accept; jump one; }
          chain one { ip saddr 10.9.0.0/16 return; goto two; accept; }
          chain two { tcp dport 22 accept; ct state new jump three; }
          chain three { reject with icmp type admin-prohibited; }
        }
        E
        """;

    /// <summary>What dockerd 27 makes of a bridge and a container with a published port, on a host where ip_forward was 0.</summary>
    public const string Docker = """
        iptables-nft-restore <<'E'
        *nat
        :PREROUTING ACCEPT [0:0]
        :INPUT ACCEPT [0:0]
        :OUTPUT ACCEPT [0:0]
        :POSTROUTING ACCEPT [0:0]
        :DOCKER - [0:0]
        -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
        -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
        -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
        -A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
        -A DOCKER -i docker0 -j RETURN
        -A DOCKER ! -i docker0 -p tcp -m tcp --dport 6000 -j DNAT --to-destination 172.17.0.2:80
        COMMIT
        *filter
        :INPUT ACCEPT [0:0]
        :FORWARD DROP [0:0]
        :OUTPUT ACCEPT [0:0]
        :DOCKER - [0:0]
        :DOCKER-ISOLATION-STAGE-1 - [0:0]
        :DOCKER-ISOLATION-STAGE-2 - [0:0]
        :DOCKER-USER - [0:0]
        -A FORWARD -j DOCKER-USER
        -A FORWARD -j DOCKER-ISOLATION-STAGE-1
        -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A FORWARD -o docker0 -j DOCKER
        -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
        -A FORWARD -i docker0 -o docker0 -j ACCEPT
        -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
        -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
        -A DOCKER-ISOLATION-STAGE-1 -j RETURN
        -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
        -A DOCKER-ISOLATION-STAGE-2 -j RETURN
        -A DOCKER-USER -j RETURN
        COMMIT
        E
        """;

    /// <summary>The part of ufw's rules that forwarded packets meet.</summary>
    public const string Ufw = """
        iptables-nft-restore <<'E'
        *filter
        :INPUT DROP [0:0]
        :FORWARD DROP [0:0]
        :OUTPUT ACCEPT [0:0]
        :ufw-after-forward - [0:0]
        :ufw-after-logging-forward - [0:0]
        :ufw-before-forward - [0:0]
        :ufw-before-logging-forward - [0:0]
        :ufw-reject-forward - [0:0]
        :ufw-track-forward - [0:0]
        :ufw-user-forward - [0:0]
        -A FORWARD -j ufw-before-logging-forward
        -A FORWARD -j ufw-before-forward
        -A FORWARD -j ufw-after-forward
        -A FORWARD -j ufw-after-logging-forward
        -A FORWARD -j ufw-reject-forward
        -A FORWARD -j ufw-track-forward
        -A ufw-after-logging-forward -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "
        -A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A ufw-before-forward -p icmp -m icmp --icmp-type 8 -j ACCEPT
        -A ufw-before-forward -j ufw-user-forward
        COMMIT
        E
        """;

    public const string UfwReject = Ufw + """

        iptables-nft -P FORWARD ACCEPT
        iptables-nft -A ufw-reject-forward -j REJECT --reject-with icmp-port-unreachable
        """;

    /// <summary>firewalld 1.3, zone public as the default.</summary>
    public const string Firewalld = """
        nft -f - <<'E'
        table inet firewalld {
          chain filter_FORWARD {
            type filter hook forward priority filter + 10; policy accept;
            ct state { established, related } accept
            ct status dnat accept
            iifname "lo" accept
            ip6 daddr { ::/96, 2002:a00::/24 } reject with icmpv6 addr-unreachable
            jump filter_FORWARD_ZONES
            ct state invalid drop
            reject with icmpx admin-prohibited
          }
          chain filter_FORWARD_ZONES { iifname "eth1" goto filter_FWD_trusted; goto filter_FWD_public; }
          chain filter_FWD_public { jump filter_FWD_public_allow; reject with icmpx admin-prohibited; }
          chain filter_FWD_public_allow { oifname "eth0" accept; }
          chain filter_FWD_trusted { accept; }
        }
        E
        """;

    public const string LegacyDocker = """
        iptables-legacy-restore <<'E'
        *nat
        :PREROUTING ACCEPT [0:0]
        :OUTPUT ACCEPT [0:0]
        :DOCKER - [0:0]
        -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
        -A DOCKER -i docker0 -j RETURN
        -A DOCKER ! -i docker0 -p tcp -m tcp --dport 6000 -j DNAT --to-destination 172.17.0.2:80
        -A DOCKER -p udp -m multiport --dports 53,5000:5010 -j REDIRECT --to-ports 1053
        COMMIT
        *filter
        :FORWARD DROP [0:0]
        :DOCKER-USER - [0:0]
        -A FORWARD -j DOCKER-USER
        -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
        -A DOCKER-USER -j RETURN
        COMMIT
        E
        """;

    /// <summary>What LXD 5 makes of its bridge; then as it does it again: the table is made anew.</summary>
    public const string Lxd = """
        nft -f - <<'E'
        table inet lxd
        delete table inet lxd
        table inet lxd {
          chain fwd.lxdbr0 {
            type filter hook forward priority filter; policy accept;
            ip version 4 oifname "lxdbr0" accept
            ip version 4 iifname "lxdbr0" accept
          }
          chain pstrt.lxdbr0 {
            type nat hook postrouting priority srcnat; policy accept;
            ip saddr 10.79.0.0/24 ip daddr != 10.79.0.0/24 masquerade
          }
          chain in.lxdbr0 {
            type filter hook input priority filter; policy accept;
            iifname "lxdbr0" tcp dport 53 accept
            iifname "lxdbr0" udp dport { 53, 67 } accept
          }
        }
        E
        """;

    /// <summary>How kube-proxy writes its chains again, every half minute.</summary>
    public const string KubeProxySync = """
        iptables-nft-restore --noflush <<'E'
        *filter
        :KUBE-FORWARD - [0:0]
        -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
        -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
        -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        COMMIT
        E
        """;

    /// <summary>The chains of kube-proxy and calico that forwarded packets meet, on a host whose policy is to drop.</summary>
    public const string MicroK8s = """
        iptables-nft-restore <<'E'
        *filter
        :INPUT ACCEPT [0:0]
        :FORWARD DROP [0:0]
        :OUTPUT ACCEPT [0:0]
        :KUBE-EXTERNAL-SERVICES - [0:0]
        :KUBE-FIREWALL - [0:0]
        :KUBE-FORWARD - [0:0]
        :KUBE-PROXY-FIREWALL - [0:0]
        :KUBE-SERVICES - [0:0]
        :cali-FORWARD - [0:0]
        :cali-from-wl-dispatch - [0:0]
        :cali-to-wl-dispatch - [0:0]
        -A INPUT -j KUBE-FIREWALL
        -A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
        -A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
        -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
        -A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
        -A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
        -A FORWARD -s 10.1.0.0/16 -m comment --comment "generated for MicroK8s pods" -j ACCEPT
        -A FORWARD -d 10.1.0.0/16 -m comment --comment "generated for MicroK8s pods" -j ACCEPT
        -A FORWARD -m comment --comment "cali:S93hcgKJrXEqnTfs" -m mark --mark 0x10000/0x10000 -j ACCEPT
        -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
        -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
        -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
        -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A cali-FORWARD -j MARK --set-xmark 0x0/0xe0000
        -A cali-FORWARD -i cali+ -j cali-from-wl-dispatch
        -A cali-FORWARD -o cali+ -j cali-to-wl-dispatch
        -A cali-from-wl-dispatch -j DROP
        -A cali-to-wl-dispatch -j DROP
        COMMIT
        E
        """;
}
