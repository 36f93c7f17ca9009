/* Commands: one file each, one line in commands.def. */
#ifndef EVEIL_COMMAND_PRIV_H
#define EVEIL_COMMAND_PRIV_H

#include <stdio.h>

#include "eveil/base.h"

typedef struct evl_arguments {
  int n;                 /* operands */
  const char **operand;
  int n_options;         /* "--name" or "--name=value", those of all commands taken out */
  const char **option;
  bool quiet, verbose;
  const char *command_line, *program;
} evl_arguments;

typedef struct evl_command {
  const char *name, *operands, *summary;
  const char *options;   /* help text of its own options, "" */
  bool ranks;            /* works on several ranks: MPI is started */
  int least, most;       /* operands */
  evl_status (*run)(const evl_arguments *arguments);
} evl_command;

extern const evl_command *const evl_commands[]; /* ends with NULL */

/* The value of --name=value, "" of --name, NULL where not given. */
const char *evl_option(const evl_arguments *arguments, const char *name);
/* EVL_USAGE where an option is not one of `known` (NULL-terminated). */
evl_status evl_options_known(const evl_arguments *arguments, const char *const *known) EVL_MUST_USE;
const char *evl_revision(void);

#endif
