/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Where the packets of a network device go. */
#include "core/error.h"
#include "vmm/virtio/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TUN "/dev/net/tun"

/* A datagram socket connected to itself, whose address is chosen by the kernel: unix(7), autobind. */
int nm_net_open_loop(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t bytes = sizeof(address);
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return nm_fail(errno, "socket: %s", strerror(errno));
	if (!bind(fd, (const struct sockaddr *)&address, sizeof(address.sun_family)) &&
	    !getsockname(fd, (struct sockaddr *)&address, &bytes) &&
	    !connect(fd, (const struct sockaddr *)&address, bytes))
		return fd;
	nm_fail(errno, "a socket that is connected to itself: %s", strerror(errno));
	close(fd);
	return -nm_error_last()->code;
}

static int lacks(const char *what, int code)
{
	return nm_fail_remedy(EOPNOTSUPP,
			      "run it as root or with CAP_NET_ADMIN; without " TUN ": modprobe tun",
			      "%s: %s", what, strerror(code));
}

int nm_net_open_tap(const char *name)
{
	struct ifreq interface = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	const int fd = open(TUN, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	int code;

	if (fd < 0)
		return lacks(TUN, errno);
	snprintf(interface.ifr_name, sizeof(interface.ifr_name), "%s", name);
	if (!ioctl(fd, TUNSETIFF, &interface))
		return fd;
	code = errno;
	close(fd);
	return lacks("a tap interface", code);
}
