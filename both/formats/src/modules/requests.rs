//! What kernel code asks for by name while it runs, with `request_module`.
//!
//! No module says this of itself, so a selection that goes by `.modinfo` alone has a firewall without rules and an
//! ESP that can't be mounted. The table was taken from Debian's kernel 6.12: from the format strings of the modules
//! that import `__request_module`, `load_nls` and `crypto_alloc_*`. Names and aliases that a kernel doesn't have
//! count for nothing, since its configuration may have them built in or not at all.
//!
//! Requests by the kernel proper (`rtnl-link-veth`, `fs-overlay`, `net-pf-17`) are not here, nor are those that name
//! what the user names anyway (`dm-crypt`, `nft-expr-match` for rules of iptables-nft): they are made for whoever
//! uses the thing, so a recipe wishes for the module itself, and init finds it by its alias.

/// What one module asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelRequest {
    /// Canonical name of the module that asks.
    pub module: &'static str,
    /// Names or aliases that it may ask for.
    pub asks_for: &'static [&'static str],
    /// Where in the kernel, and for what.
    pub reason: &'static str,
}

const fn asks(
    module: &'static str,
    asks_for: &'static [&'static str],
    reason: &'static str,
) -> KernelRequest {
    KernelRequest { module, asks_for, reason }
}

/// The table, by area.
pub const KERNEL_REQUESTS: &[KernelRequest] = &[
    // File systems: code pages. load_nls() asks for nls_<name>.
    asks(
        "fat",
        &["nls_cp437", "nls_ascii", "nls_utf8"],
        "code page and character set that a mount without options takes",
    ),
    asks("isofs", &["nls_utf8"], "character set of Joliet names, CONFIG_NLS_DEFAULT"),
    asks("udf", &["nls_utf8"], "character set, CONFIG_NLS_DEFAULT"),
    asks("exfat", &["nls_utf8"], "character set, CONFIG_EXFAT_DEFAULT_IOCHARSET"),
    asks("ntfs3", &["nls_utf8"], "character set, CONFIG_NLS_DEFAULT"),
    asks(
        "cifs",
        &[
            "nls_utf8",
            "crypto-aes",
            "crypto-ccm",
            "crypto-cmac",
            "crypto-ecb",
            "crypto-gcm",
            "crypto-hmac",
            "crypto-md5",
            "crypto-sha256",
            "crypto-sha512",
        ],
        "character set, signing and sealing; its softdep lines lack \"pre:\", so kmod ignores them",
    ),
    asks("ksmbd", &["nls_utf8"], "character set of shares"),
    asks("nfs", &["nfsv3", "nfsv4"], "get_nfs_version() asks for the protocol version of a mount"),
    asks(
        "nfsv4",
        &["nfs_layout_nfsv41_files", "nfs_layout_flexfiles", "rpcsec_gss_krb5"],
        "parallel NFS layouts, and security flavours",
    ),
    asks("sunrpc", &["auth_rpcgss"], "rpc-auth-6: RPCSEC_GSS"),
    asks("auth_rpcgss", &["rpcsec_gss_krb5"], "rpc-auth-gss-<flavour>: Kerberos"),
    // Checksums and cryptography. crypto_alloc_*() asks for crypto-<algorithm>.
    asks(
        "dm_verity",
        &["crypto-sha256"],
        "hash of the tree; the generic one may be built in and the accelerated one a module",
    ),
    asks("dm_integrity", &["crypto-crc32c", "crypto-sha256", "crypto-hmac"], "checksums of sectors"),
    asks(
        "dm_crypt",
        &[
            "crypto-xts",
            "crypto-aes",
            "crypto-cbc",
            "crypto-essiv",
            "crypto-sha256",
            "crypto-authenc",
            "crypto-hmac",
        ],
        "the ciphers of LUKS volumes",
    ),
    asks("xts", &["crypto-ecb"], "XTS is built from ECB"),
    asks("libcrc32c", &["crypto-crc32c"], "CRC32C of XFS, btrfs, EROFS, SCTP"),
    asks("bcachefs", &["crypto-crc32c", "crypto-chacha20", "crypto-poly1305"], "checksums and encryption"),
    asks("drbd", &["crypto-crc32c", "crypto-sha256"], "verification and authentication of peers"),
    asks("zram", &["crypto-lzo-rle", "crypto-lz4", "crypto-zstd"], "compression of pages"),
    asks("tls", &["crypto-gcm", "crypto-ccm", "crypto-aes", "rfc7539"], "record encryption in the kernel"),
    asks(
        "esp4",
        &[
            "crypto-authenc",
            "crypto-echainiv",
            "crypto-seqiv",
            "crypto-gcm",
            "crypto-cbc",
            "crypto-hmac",
            "crypto-rfc4106",
        ],
        "ciphers of IPsec",
    ),
    asks(
        "esp6",
        &[
            "crypto-authenc",
            "crypto-echainiv",
            "crypto-seqiv",
            "crypto-gcm",
            "crypto-cbc",
            "crypto-hmac",
            "crypto-rfc4106",
        ],
        "ciphers of IPsec",
    ),
    asks("macsec", &["crypto-gcm"], "MACsec's only cipher"),
    asks(
        "rpcsec_gss_krb5",
        &["crypto-cts", "crypto-cbc", "crypto-aes", "crypto-hmac", "crypto-cmac"],
        "ciphers of Kerberos",
    ),
    asks("gcm", &["crypto-ctr", "crypto-ghash"], "GCM is built from counter mode and GHASH"),
    asks("ccm", &["crypto-ctr", "crypto-cbcmac"], "CCM is built from counter mode and CBC-MAC"),
    asks(
        "af_alg",
        &["algif_aead", "algif_hash", "algif_rng", "algif_skcipher"],
        "algif-<type>: cryptography sockets",
    ),
    // nf_tables asks for nft-expr-<name>, nft-expr-<family>-<name>, nft-chain-<family>-<type>, nft-obj-<type>.
    asks("nf_tables", &["nft_chain_nat"], "nft-chain-<family>-nat: chains of type nat"),
    asks(
        "nf_tables",
        &[
            "nft_ct",
            "nft_connlimit",
            "nft_fib",
            "nft_fib_inet",
            "nft_fib_ipv4",
            "nft_fib_ipv6",
            "nft_fib_netdev",
        ],
        "expressions and objects on connections and routes",
    ),
    asks(
        "nf_tables",
        &["nft_masq", "nft_nat", "nft_redir", "nft_tproxy", "nft_socket", "nft_synproxy"],
        "expressions that change addresses",
    ),
    asks(
        "nf_tables",
        &[
            "nft_reject",
            "nft_reject_bridge",
            "nft_reject_inet",
            "nft_reject_ipv4",
            "nft_reject_ipv6",
            "nft_reject_netdev",
        ],
        "reject, by family",
    ),
    asks(
        "nf_tables",
        &[
            "nft_hash",
            "nft_limit",
            "nft_log",
            "nft_numgen",
            "nft_osf",
            "nft_queue",
            "nft_quota",
            "nft_tunnel",
            "nft_xfrm",
        ],
        "the other expressions",
    ),
    asks(
        "nf_tables",
        &["nft_dup_ipv4", "nft_dup_ipv6", "nft_dup_netdev", "nft_fwd_netdev", "nft_meta_bridge"],
        "copying and forwarding of packets, meta in bridges",
    ),
    asks(
        "nf_tables",
        &["nft_flow_offload", "nf_flow_table_inet"],
        "nf-flowtable-<family> and the expression that fills it",
    ),
    asks("nft_log", &["nf_log_syslog", "nfnetlink_log"], "nf-logger-<family>-<type>: where log goes"),
    asks("xt_LOG", &["nf_log_syslog"], "nf-logger-<family>-0"),
    asks("xt_NFLOG", &["nfnetlink_log"], "nf-logger-<family>-1"),
    asks("nf_conntrack_netlink", &["nf_nat"], "nf-nat-<family>: addresses in an event"),
    asks(
        "nft_compat",
        &[
            "xt_addrtype",
            "xt_comment",
            "xt_conntrack",
            "xt_mark",
            "xt_multiport",
            "xt_nat",
            "xt_tcpudp",
            "xt_MASQUERADE",
            "xt_REDIRECT",
        ],
        "xt_<match>, ipt_<match>: the extensions that container networking uses",
    ),
    asks(
        "x_tables",
        &[
            "xt_addrtype",
            "xt_comment",
            "xt_conntrack",
            "xt_mark",
            "xt_multiport",
            "xt_nat",
            "xt_tcpudp",
            "xt_MASQUERADE",
            "xt_REDIRECT",
        ],
        "xt_<match>, ipt_<match>: the extensions that container networking uses",
    ),
    asks(
        "ip_set",
        &[
            "ip_set_hash_ip",
            "ip_set_hash_ipport",
            "ip_set_hash_net",
            "ip_set_bitmap_port",
            "ip_set_list_set",
            "xt_set",
        ],
        "ip_set_<type>: the types that Kubernetes uses",
    ),
    asks(
        "ip_vs",
        &["ip_vs_rr", "ip_vs_wrr", "ip_vs_sh", "ip_vs_lc"],
        "ip_vs_<scheduler>: the schedulers that Kubernetes uses",
    ),
    // Block devices.
    asks("dm_cache", &["dm_cache_smq"], "dm-cache-default: the policy"),
    asks("md_mod", &["raid0", "raid1", "raid10", "raid456"], "md-level-<level>"),
    asks("nvme_fabrics", &["nvme_tcp"], "nvme-<transport>"),
    asks(
        "scsi_mod",
        &["sd_mod"],
        "disks announce themselves as scsi:t-0x00, after their controller's driver is there",
    ),
    asks("mmc_core", &["mmc_block"], "cards announce themselves as mmc:block"),
    // Network.
    asks(
        "team",
        &["team_mode_activebackup", "team_mode_loadbalance", "team_mode_roundrobin"],
        "team-mode-<mode>",
    ),
    asks("openvswitch", &["vport_vxlan", "vport_geneve", "vport_gre"], "vport-type-<number>"),
    asks("l2tp_netlink", &["l2tp_eth", "l2tp_ppp"], "net-l2tp-type-<number>"),
];
