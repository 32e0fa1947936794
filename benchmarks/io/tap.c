/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/io/tap.h"

#include "core/error.h"
#include "vmm/virtio/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME "nestmark0"
#define MTU  (NM_TAP_PACKET - ETH_HLEN)
/* Of the namespace, and so of nobody else. */
#define IPV6_OFF "/proc/sys/net/ipv6/conf/default/disable_ipv6"

#define BUFFER_BYTES (32 << 20) /* of the socket, which drops packets for which it has no room */

/* In a user namespace of its own a process may do what it likes with its network. */
static int leave_network(void)
{
	if (!unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 0;
	return nm_fail_remedy(EOPNOTSUPP,
			      "run it as root, or allow user namespaces: sysctl "
			      "user.max_user_namespaces, kernel.unprivileged_userns_clone",
			      "a network namespace: %s", strerror(errno));
}

/* The kernel would send packets of its own. A kernel without IPv6 lacks the file. */
static void switch_off_ipv6(void)
{
	const int fd = open(IPV6_OFF, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		nm_fail(errno, "disable_ipv6: %s", strerror(errno));
	close(fd);
}

static int set_up(int socket)
{
	struct ifreq interface = {.ifr_name = NAME, .ifr_mtu = MTU};

	if (ioctl(socket, SIOCSIFMTU, &interface))
		return nm_fail(errno, "the MTU of a tap: %s", strerror(errno));
	interface.ifr_mtu = 0;
	interface.ifr_flags = IFF_UP | IFF_NOARP;
	if (ioctl(socket, SIOCSIFFLAGS, &interface))
		return nm_fail(errno, "a tap cannot be set up: %s", strerror(errno));
	return 0;
}

static int open_socket(struct nm_tap *tap)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	const int bytes = BUFFER_BYTES;

	tap->socket = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (tap->socket < 0)
		return nm_fail(errno, "a packet socket: %s", strerror(errno));
	if (setsockopt(tap->socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		return nm_fail_remedy(EOPNOTSUPP, "run it as root", "a larger buffer: %s",
				      strerror(errno));
	address.sll_ifindex = (int)if_nametoindex(NAME);
	if (bind(tap->socket, (const struct sockaddr *)&address, sizeof(address)))
		return nm_fail(errno, "a packet socket on a tap: %s", strerror(errno));
	return set_up(tap->socket);
}

int nm_tap_open(struct nm_tap *tap)
{
	int r = leave_network();

	*tap = (struct nm_tap) {-1, -1};
	if (r)
		return r;
	switch_off_ipv6();
	tap->fd = nm_net_open_tap(NAME);
	return tap->fd < 0 ? tap->fd : open_socket(tap);
}

void nm_tap_close(struct nm_tap *tap)
{
	if (tap->fd >= 0)
		close(tap->fd);
	if (tap->socket >= 0)
		close(tap->socket);
	*tap = (struct nm_tap) {-1, -1};
}
