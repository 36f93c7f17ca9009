/* What config.c (libconfig) shows to config_params.c: settings as plain values. */
#ifndef EVEIL_CONFIG_PRIV_H
#define EVEIL_CONFIG_PRIV_H

#include "eveil/base.h"

typedef enum {
  EVL_NODE_INT, EVL_NODE_REAL, EVL_NODE_BOOL, EVL_NODE_STRING, EVL_NODE_LIST, EVL_NODE_GROUP
} evl_node_kind;

typedef struct evl_node evl_node; /* a setting of libconfig */

evl_node_kind evl_node_kind_of(const evl_node *node);
int evl_node_count(const evl_node *node); /* elements of lists and groups */
evl_node *evl_node_element(const evl_node *node, int i);
const char *evl_node_name(const evl_node *node); /* NULL inside lists */
int evl_node_line(const evl_node *node);
int64_t evl_node_int(const evl_node *node);
double evl_node_real(const evl_node *node); /* of REAL and INT */
const char *evl_node_string(const evl_node *node);

evl_node *evl_group_node(const evl_group *group);
const char *evl_group_file(const evl_group *group);

#endif
