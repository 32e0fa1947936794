/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct nm_command *const commands[] = {
	&nm_command_probe,   &nm_command_check, &nm_command_list,    &nm_command_run,
	&nm_command_compare, &nm_command_ab,	&nm_command_report,  &nm_command_predict,
	&nm_command_history, &nm_command_boot,	&nm_command_capture, NULL,
};

static const struct nm_command *find_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int print_overview(void)
{
	struct nm_text text = {0};
	int code;

	nm_text_puts(
		&text,
		"Usage: nestmark COMMAND [OPTION…] [ARGUMENT…]\n"
		"Measures what virtualization costs on this machine, one level deeper than where "
		"you stand.\n\nCommands:\n");
	for (size_t i = 0; commands[i]; i++)
		nm_text_printf(&text, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	nm_text_puts(&text,
		     "  help     this overview, or the help of a command\n"
		     "\nOptions:\n"
		     "  -h, --help     this overview\n"
		     "  -V, --version  name and version; with -J the build facts\n"
		     "\nExit codes: 0 done, 1 a check failed, 2 usage error, 3 could not measure "
		     "or decide,\n4 everything selected is unsupported here.\n");
	code = nm_print(&text);
	nm_text_free(&text);
	return code;
}

static int print_version(bool as_json)
{
	struct nm_text text = {0};
	nm_json *facts = nm_build_facts();
	int code;

	if (as_json)
		nm_json_write(&text, facts, true);
	else
		nm_text_puts(&text, "nestmark " NM_VERSION "\n");
	nm_json_free(facts);
	code = nm_print(&text);
	nm_text_free(&text);
	return code;
}

/* Files that are opened later must not become standard input, output or error. */
static void hold_standard_files(void)
{
	struct stat info;

	for (int fd = 0; fd <= 2; fd++)
		if (fstat(fd, &info) && errno == EBADF)
			/* Read-only on purpose: output to a closed stdout must still fail. */
			(void)open("/dev/null", O_RDONLY);
}

static int help(int argc, char **argv)
{
	const struct nm_command *command;

	if (argc < 2)
		return print_overview();
	command = find_command(argv[1]);
	return command ? nm_print_help(command)
		       : nm_usage_error(NULL, "unknown command: %s", argv[1]);
}

int main(int argc, char **argv)
{
	const struct nm_command *command;

	hold_standard_files();
	/* The width of characters in tables; numbers keep the C locale. */
	setlocale(LC_CTYPE, "C.UTF-8");
	/* What the caller ignores is inherited; the ends of children must not be. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (argc < 2)
		return nm_usage_error(NULL, "a command is missing");
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))
		return print_overview();
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version"))
		return print_version(argc > 2 &&
				     (!strcmp(argv[2], "-J") || !strcmp(argv[2], "--json")));
	if (!strcmp(argv[1], "help"))
		return help(argc - 1, argv + 1);
	command = find_command(argv[1]);
	if (!command)
		return nm_usage_error(NULL, "unknown command: %s", argv[1]);
	opterr = 0;
	return command->main(argc - 1, argv + 1);
}
