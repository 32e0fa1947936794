/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/*
 * Datagrams to a peer that answers: in a guest over its network device to a thread of the VMM's process, natively over the loopback
 * interface to another process.
 */
#include "linux/agent.h"
#include "linux/packet.h"

#include <asm/signal.h>
#include <asm/socket.h>
#include <linux/if.h>
#include <linux/in.h>
#include <linux/sockios.h>
#include <linux/wait.h>

#define INTERFACE     "eth0"
#define INET	      2 /* AF_INET */
#define DATAGRAMS     2 /* SOCK_DGRAM */
#define CLOSE_ON_EXEC 02000000
#define LOOPBACK      0x7f000001u
#define LONGEST_WAIT  2 /* s */

struct line {
	long socket;
	uint64_t sent;
	bool broken;
	long child; /* who answers; 0: the host of the guest */
};

static uint32_t swap(uint32_t value)
{
	return __builtin_bswap32(value);
}

static struct sockaddr_in address_of(uint32_t host, uint16_t port)
{
	return (struct sockaddr_in) {.sin_family = INET,
				     .sin_port = __builtin_bswap16(port),
				     .sin_addr = {swap(host)}};
}

static long control(long fd, long what, struct ifreq *request, struct sockaddr_in address)
{
	__builtin_memcpy(&request->ifr_addr, &address, sizeof(address));
	return nm_call(SYS_ioctl, fd, what, (long)request, 0);
}

/* The guest's interface gets its address and comes up. */
static long bring_up(long fd)
{
	struct ifreq request = {.ifr_name = INTERFACE};
	long r = control(fd, SIOCSIFADDR, &request, address_of(NM_PACKET_AGENT, 0));

	if (!r)
		r = control(fd, SIOCSIFNETMASK, &request, address_of(NM_PACKET_MASK, 0));
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	return r ? r : nm_call(SYS_ioctl, fd, SIOCSIFFLAGS, (long)&request, 0);
}

static long new_socket(void)
{
	struct nm_timespec longest = {LONGEST_WAIT, 0};
	long fd = nm_call(SYS_socket, INET, DATAGRAMS | CLOSE_ON_EXEC, 0, 0);

	if (fd >= 0)
		nm_call6(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, (long)&longest,
			 sizeof(longest), 0);
	return fd;
}

static long bind_to(long fd, uint32_t host, uint16_t port, struct sockaddr_in *out)
{
	int length = sizeof(*out);
	long r;

	*out = address_of(host, port);
	r = nm_call(SYS_bind, fd, (long)out, sizeof(*out), 0);
	return r ? r : nm_call(SYS_getsockname, fd, (long)out, (long)&length, 0);
}

static long connect_to(long fd, const struct sockaddr_in *peer)
{
	return nm_call(SYS_connect, fd, (long)peer, sizeof(*peer), 0);
}

static bool open_in_guest(struct line *line, struct nm_work *work)
{
	const struct sockaddr_in peer = address_of(NM_PACKET_PEER, NM_PACKET_PORT);
	struct sockaddr_in own;

	line->socket = new_socket();
	if (line->socket < 0 || bring_up(line->socket))
		work->lack = "a network device";
	else if (bind_to(line->socket, NM_PACKET_AGENT, NM_PACKET_PORT, &own) ||
		 connect_to(line->socket, &peer))
		work->wrong = "the socket cannot be connected";
	return !work->lack && !work->wrong;
}

/* Until its socket brings nothing for as long as one waits. */
static void answer(long fd, unsigned int cpu)
{
	static struct nm_packet packet;
	struct nm_packet_end end = {0, 0, 0};
	long got;

	nm_bind(cpu);
	while ((got = nm_call6(SYS_recvfrom, fd, (long)&packet, sizeof(packet), 0, 0, 0)) > 0)
		if (nm_packet_take(&end, &packet, (size_t)got))
			nm_call6(SYS_sendto, fd, (long)&packet, NM_PACKET_PING, 0, 0, 0);
	nm_call(SYS_exit_group, 0, 0, 0, 0);
}

static bool open_natively(struct line *line, struct nm_work *work)
{
	long other = new_socket();
	struct sockaddr_in here;
	struct sockaddr_in there;

	line->socket = new_socket();
	if (line->socket < 0 || other < 0 || bind_to(line->socket, LOOPBACK, 0, &here) ||
	    bind_to(other, LOOPBACK, 0, &there) || connect_to(line->socket, &there) ||
	    connect_to(other, &here)) {
		work->lack = "a loopback interface";
	} else {
		line->child = nm_call6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
		if (!line->child)
			answer(other, work->cpus[work->cpu_count - 1]);
		if (line->child < 0)
			work->wrong = "no process could be started";
	}
	nm_call(SYS_close, other, 0, 0, 0);
	return !work->lack && !work->wrong;
}

static void close_line(struct line *line)
{
	if (line->child > 0) {
		nm_call(SYS_kill, line->child, SIGKILL, 0, 0);
		nm_call(SYS_wait4, line->child, 0, __WALL, 0);
	}
	nm_call(SYS_close, line->socket, 0, 0, 0);
}

/* A burst of datagrams, and the answer to the last one. After one that did not come nothing is waited for any more. */
static void exchange(struct line *line, size_t bytes, uint64_t burst)
{
	static struct nm_packet packet;
	const uint64_t last = line->sent + burst - 1;
	long got;

	for (; line->sent <= last && !line->broken; line->sent++) {
		nm_packet_fill(&packet, bytes, line->sent, line->sent == last);
		line->broken |= nm_call6(SYS_sendto, line->socket, (long)&packet, (long)bytes, 0, 0,
					 0) != (long)bytes;
	}
	if (line->broken)
		return;
	got = nm_call6(SYS_recvfrom, line->socket, (long)&packet, sizeof(packet), 0, 0, 0);
	line->broken = got != NM_PACKET_PING || packet.count != burst ||
		       !nm_packet_is_right(&packet, NM_PACKET_PING, last);
}

static void measure(struct nm_work *work, size_t bytes)
{
	/* The peer of a guest stays for all of its operations, and counts on. */
	static uint64_t sent;
	struct line line = {.socket = -1, .sent = sent};

	if (work->is_guest ? open_in_guest(&line, work) : open_natively(&line, work))
		NM_MEASURE_AFTER(work, , exchange(&line, bytes, work->batch));
	sent = line.sent;
	if (line.broken)
		work->wrong = "datagrams were lost or came back wrong";
	close_line(&line);
}

static void ping(struct nm_work *work)
{
	measure(work, NM_PACKET_PING);
}

static void stream(struct nm_work *work)
{
	measure(work, NM_PACKET_LONG);
}

const struct nm_operation nm_net_operations[] = {
	{"linux.net.pingpong", ping},
	{"linux.net.stream", stream},
	{NULL, NULL},
};
