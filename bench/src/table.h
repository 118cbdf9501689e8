// The floor's nf_tables table: the smallest that publishes ports, lets replies out translated, and lets nothing else in.
//
//   table ip floor {
//     map ports { type inet_service : ipv4_addr . inet_service }
//     chain in  { type nat hook prerouting priority -100; meta l4proto tcp dnat to tcp dport map @ports }
//     chain out { type nat hook postrouting priority 100; iifname "fl*" oifname != "fl*" masquerade }
//     chain through { type filter hook forward priority 0
//       ct state established,related accept; oifname "fl*" ct status & dnat == 0 drop }
//   }
#pragma once
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/in.h>
#include "message.h"

#define TABLE "floor"
#define LINK "fl"

static size_t table_message(struct messages *all, int kind, int flags)
{
    struct nfgenmsg head = {.nfgen_family = NFPROTO_IPV4};
    return begin(all, NFNL_SUBSYS_NFTABLES << 8 | kind, flags, &head, sizeof head);
}

static void transaction(struct messages *all, int edge)
{
    struct nfgenmsg head = {.res_id = htons(NFNL_SUBSYS_NFTABLES)};
    finish(all, begin(all, edge, 0, &head, sizeof head));
}

static void put_be32(struct messages *all, int type, uint32_t value) { put32(all, type, htonl(value)); }

static void put_value(struct messages *all, int type, const void *value, size_t size)
{
    size_t data = nest(all, type);
    put(all, NFTA_DATA_VALUE, value, size);
    leave(all, data);
}

// an expression's element and data, closed by end_expression
struct expression { size_t element, data; };

static struct expression expression(struct messages *all, const char *name)
{
    struct expression one = {.element = nest(all, NFTA_LIST_ELEM)};
    put_text(all, NFTA_EXPR_NAME, name);
    one.data = nest(all, NFTA_EXPR_DATA);
    return one;
}

static void end_expression(struct messages *all, struct expression one)
{
    leave(all, one.data);
    leave(all, one.element);
}

static void load_meta(struct messages *all, uint32_t key)
{
    struct expression one = expression(all, "meta");
    put_be32(all, NFTA_META_KEY, key);
    put_be32(all, NFTA_META_DREG, NFT_REG_1);
    end_expression(all, one);
}

static void load_ct(struct messages *all, uint32_t key)
{
    struct expression one = expression(all, "ct");
    put_be32(all, NFTA_CT_KEY, key);
    put_be32(all, NFTA_CT_DREG, NFT_REG_1);
    end_expression(all, one);
}

static void mask(struct messages *all, uint32_t bits)
{
    uint32_t none = 0;
    struct expression one = expression(all, "bitwise");
    put_be32(all, NFTA_BITWISE_SREG, NFT_REG_1);
    put_be32(all, NFTA_BITWISE_DREG, NFT_REG_1);
    put_be32(all, NFTA_BITWISE_LEN, sizeof bits);
    put_value(all, NFTA_BITWISE_MASK, &bits, sizeof bits);
    put_value(all, NFTA_BITWISE_XOR, &none, sizeof none);
    end_expression(all, one);
}

static void compare(struct messages *all, uint32_t how, const void *value, size_t size)
{
    struct expression one = expression(all, "cmp");
    put_be32(all, NFTA_CMP_SREG, NFT_REG_1);
    put_be32(all, NFTA_CMP_OP, how);
    put_value(all, NFTA_CMP_DATA, value, size);
    end_expression(all, one);
}

static void verdict(struct messages *all, uint32_t code)
{
    struct expression one = expression(all, "immediate");
    put_be32(all, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    size_t data = nest(all, NFTA_IMMEDIATE_DATA), inner = nest(all, NFTA_DATA_VERDICT);
    put_be32(all, NFTA_VERDICT_CODE, code);
    leave(all, inner);
    leave(all, data);
    end_expression(all, one);
}

static void translate(struct messages *all)
{
    struct expression one = expression(all, "payload");
    put_be32(all, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_be32(all, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
    put_be32(all, NFTA_PAYLOAD_OFFSET, 2);
    put_be32(all, NFTA_PAYLOAD_LEN, 2);
    end_expression(all, one);
    one = expression(all, "lookup");
    put_text(all, NFTA_LOOKUP_SET, "ports");
    put_be32(all, NFTA_LOOKUP_SREG, NFT_REG_1);
    put_be32(all, NFTA_LOOKUP_DREG, NFT_REG_1);
    end_expression(all, one);
    one = expression(all, "nat");
    put_be32(all, NFTA_NAT_TYPE, NFT_NAT_DNAT);
    put_be32(all, NFTA_NAT_FAMILY, NFPROTO_IPV4);
    put_be32(all, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
    put_be32(all, NFTA_NAT_REG_PROTO_MIN, NFT_REG32_01);
    end_expression(all, one);
}

static void add_chain(struct messages *all, const char *name, const char *type, uint32_t hook, int priority)
{
    size_t at = table_message(all, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    put_text(all, NFTA_CHAIN_TABLE, TABLE);
    put_text(all, NFTA_CHAIN_NAME, name);
    size_t place = nest(all, NFTA_CHAIN_HOOK);
    put_be32(all, NFTA_HOOK_HOOKNUM, hook);
    put_be32(all, NFTA_HOOK_PRIORITY, priority);
    leave(all, place);
    put_text(all, NFTA_CHAIN_TYPE, type);
    finish(all, at);
}

static struct expression add_rule(struct messages *all, const char *chain, int flags)
{
    struct expression rule = {.element = table_message(all, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | flags)};
    put_text(all, NFTA_RULE_TABLE, TABLE);
    put_text(all, NFTA_RULE_CHAIN, chain);
    rule.data = nest(all, NFTA_RULE_EXPRESSIONS);
    return rule;
}

static void end_rule(struct messages *all, struct expression rule)
{
    leave(all, rule.data);
    finish(all, rule.element);
}

// One answer is due for all of it: the last rule's.
static void add_table(struct messages *all)
{
    size_t at = table_message(all, NFT_MSG_NEWTABLE, NLM_F_CREATE);
    put_text(all, NFTA_TABLE_NAME, TABLE);
    finish(all, at);

    at = table_message(all, NFT_MSG_NEWSET, NLM_F_CREATE);
    put_text(all, NFTA_SET_TABLE, TABLE);
    put_text(all, NFTA_SET_NAME, "ports");
    put_be32(all, NFTA_SET_FLAGS, NFT_SET_MAP);
    put_be32(all, NFTA_SET_KEY_TYPE, 13); // nft's number of inet_service
    put_be32(all, NFTA_SET_KEY_LEN, 2);
    put_be32(all, NFTA_SET_DATA_TYPE, 7 << 6 | 13); // ipv4_addr . inet_service
    put_be32(all, NFTA_SET_DATA_LEN, 8);
    put_be32(all, NFTA_SET_ID, 1);
    finish(all, at);

    add_chain(all, "in", "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST);
    add_chain(all, "out", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);
    add_chain(all, "through", "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER);

    uint8_t tcp = IPPROTO_TCP;
    struct expression rule = add_rule(all, "in", 0);
    load_meta(all, NFT_META_L4PROTO);
    compare(all, NFT_CMP_EQ, &tcp, sizeof tcp);
    translate(all);
    end_rule(all, rule);

    rule = add_rule(all, "out", 0);
    load_meta(all, NFT_META_IIFNAME);
    compare(all, NFT_CMP_EQ, LINK, strlen(LINK));
    load_meta(all, NFT_META_OIFNAME);
    compare(all, NFT_CMP_NEQ, LINK, strlen(LINK));
    end_expression(all, expression(all, "masq"));
    end_rule(all, rule);

    uint32_t none = 0;
    rule = add_rule(all, "through", 0);
    load_ct(all, NFT_CT_STATE);
    mask(all, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED));
    compare(all, NFT_CMP_NEQ, &none, sizeof none);
    verdict(all, NF_ACCEPT);
    end_rule(all, rule);

    rule = add_rule(all, "through", NLM_F_ACK);
    load_meta(all, NFT_META_OIFNAME);
    compare(all, NFT_CMP_EQ, LINK, strlen(LINK));
    load_ct(all, NFT_CT_STATUS);
    mask(all, IPS_DST_NAT);
    compare(all, NFT_CMP_EQ, &none, sizeof none);
    verdict(all, NF_DROP);
    end_rule(all, rule);
}

// COUNT elements of the map, as many in a message as an attribute of 64 KiB holds; the last message asks for the answer.
static void change_ports(
    struct messages *all, int kind, int count, uint16_t (*port)(int), uint32_t (*address)(int), uint16_t (*inside)(int))
{
    const int most = 1500;
    for (int from = 0; from < count; from += most) {
        int to = from + most < count ? from + most : count;
        int flags = (kind == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0) | (to == count ? NLM_F_ACK : 0);
        size_t at = table_message(all, kind, flags);
        put_text(all, NFTA_SET_ELEM_LIST_TABLE, TABLE);
        put_text(all, NFTA_SET_ELEM_LIST_SET, "ports");
        size_t list = nest(all, NFTA_SET_ELEM_LIST_ELEMENTS);
        for (int i = from; i < to; i++) {
            size_t element = nest(all, NFTA_LIST_ELEM);
            uint16_t key = htons(port(i));
            put_value(all, NFTA_SET_ELEM_KEY, &key, sizeof key);
            if (kind == NFT_MSG_NEWSETELEM) {
                struct { uint32_t address; uint16_t port, none; } value = {address(i), htons(inside(i)), 0};
                put_value(all, NFTA_SET_ELEM_DATA, &value, sizeof value);
            }
            leave(all, element);
        }
        leave(all, list);
        finish(all, at);
    }
}
