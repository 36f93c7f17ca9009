/* config: the only file with libconfig. Its traps are met before it sees the text: integers over
   2^31 without L (it wraps them silently) are refused, and number arrays in [ ] become
   lists in ( ), because it refuses [0.5, 45]. */
#include <ctype.h>
#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "config_priv.h"

struct evl_config {
  config_t lib;
  evl_arena *arena;
  char *name;
  evl_group *root;
};

struct evl_group {
  evl_config *config;
  config_setting_t *setting;
  char *where;
};

/* ---- the scan before the parse ---- */

static const char *skip_string(const char *p, int *line) {
  for (p++; *p && *p != '"'; p++) {
    if (*p == '\\' && p[1]) p++;
    if (*p == '\n') ++*line;
  }
  return *p ? p + 1 : p;
}

/* NULL where it does not end. */
static const char *skip_comment(const char *p, int *line) {
  if (*p == '#' || (p[0] == '/' && p[1] == '/')) return p + strcspn(p, "\n");
  const char *end = strstr(p + 2, "*/");
  if (!end) return NULL;
  end += 2;
  for (; p < end; p++) *line += *p == '\n';
  return end;
}

static evl_status check_number(const char *p, size_t n, const char *name, int line) {
  bool hex = n > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
  bool wide = n && (p[n - 1] == 'L' || p[n - 1] == 'l');
  if (!hex && (memchr(p, '.', n) || memchr(p, 'e', n) || memchr(p, 'E', n))) return EVL_OK;
  char digits[32];
  if (n >= sizeof digits) return evl_fail(EVL_USAGE, "%s:%d: the number %.*s is too long", name, line, 24, p);
  memcpy(digits, p, n);
  digits[n] = 0;
  errno = 0;
  unsigned long long value = strtoull(digits, NULL, hex ? 16 : 10);
  if (errno || value > INT64_MAX)
    return evl_fail(EVL_USAGE, "%s:%d: the integer %s needs more than 63 bits", name, line, digits);
  if (!wide && value > 2147483647ull)
    return evl_fail(EVL_USAGE, "%s:%d: the integer %s needs more than 31 bits: write %sL", name, line, digits, digits);
  return EVL_OK;
}

static evl_status scan(char *text, const char *name) {
  int line = 1;
  for (const char *p = text; *p;) {
    if (*p == '"') {
      p = skip_string(p, &line);
    } else if (*p == '#' || (p[0] == '/' && (p[1] == '/' || p[1] == '*'))) {
      /* libconfig would take all that follows for comment, in silence. */
      if (!(p = skip_comment(p, &line))) return evl_fail(EVL_USAGE, "%s:%d: a comment that never ends", name, line);
    } else if (*p == '@') {
      return evl_fail(EVL_USAGE, "%s:%d: @include is not supported: a run has one configuration file", name, line);
    } else if (isdigit((unsigned char)*p)) {
      size_t n = strspn(p, "0123456789abcdefABCDEFxX.lL");
      EVL_TRY(check_number(p, n, name, line));
      p += n;
    } else if (isalpha((unsigned char)*p) || *p == '_') {
      while (isalnum((unsigned char)*p) || *p == '_' || *p == '-') p++;
    } else {
      if (*p == '[') text[p - text] = '(';
      if (*p == ']') text[p - text] = ')';
      line += *p++ == '\n';
    }
  }
  return EVL_OK;
}

/* ---- parsing ---- */

static evl_status new_group(evl_config *config, config_setting_t *setting, evl_group **group) {
  EVL_NEW(config->arena, *group, 1);
  char *where = evl_arena_format(config->arena, "%s:%u", config->name, config_setting_source_line(setting));
  if (!where) return EVL_MEMORY;
  **group = (evl_group){config, setting, where};
  return EVL_OK;
}

static evl_status parse(evl_config *config, const char *text, const char *name) {
  char *copy = evl_arena_text(config->arena, text);
  config->name = evl_arena_text(config->arena, name);
  if (!copy || !config->name) return EVL_MEMORY;
  EVL_TRY(scan(copy, name));
  if (config_read_string(&config->lib, copy) != CONFIG_TRUE)
    return evl_fail(EVL_USAGE, "%s:%d: %s", name, config_error_line(&config->lib), config_error_text(&config->lib));
  return new_group(config, config_root_setting(&config->lib), &config->root);
}

evl_status evl_config_parse(const char *text, const char *name, evl_config **config) {
  *config = NULL;
  evl_config *c = calloc(1, sizeof *c);
  if (!c || !(c->arena = evl_arena_create())) {
    free(c);
    return evl_fail(EVL_MEMORY, "%s: out of memory", name);
  }
  config_init(&c->lib);
  evl_status status = parse(c, text, name);
  if (status != EVL_OK) {
    evl_config_free(c);
    return status;
  }
  *config = c;
  return EVL_OK;
}

void evl_config_free(evl_config *config) {
  if (!config) return;
  config_destroy(&config->lib);
  evl_arena_free(config->arena);
  free(config);
}

evl_group *evl_config_root(evl_config *config) { return config->root; }
const char *evl_config_name(const evl_config *config) { return config->name; }
const char *evl_group_where(const evl_group *group) { return group ? group->where : "(defaults)"; }
const char *evl_group_file(const evl_group *group) { return group->config->name; }
evl_node *evl_group_node(const evl_group *group) { return (evl_node *)group->setting; }

evl_status evl_group_child(evl_group *parent, const char *key, evl_group **child) {
  *child = NULL;
  config_setting_t *setting = parent ? config_setting_get_member(parent->setting, key) : NULL;
  if (!setting) return EVL_OK;
  if (!config_setting_is_group(setting))
    return evl_fail(EVL_USAGE, "%s:%u: %s must be a group: %s: { ... };", parent->config->name,
                    config_setting_source_line(setting), key, key);
  return new_group(parent->config, setting, child);
}

evl_status evl_group_list(evl_group *parent, const char *key, int *n) {
  *n = 0;
  config_setting_t *setting = parent ? config_setting_get_member(parent->setting, key) : NULL;
  if (!setting) return EVL_OK;
  *n = config_setting_is_list(setting) ? config_setting_length(setting) : -1;
  for (int i = 0; i < *n; i++)
    if (!config_setting_is_group(config_setting_get_elem(setting, (unsigned)i))) *n = -1;
  if (*n < 0)
    return evl_fail(EVL_USAGE, "%s:%u: %s must be a list of groups: %s: ( { ... }, { ... } );", parent->config->name,
                    config_setting_source_line(setting), key, key);
  return EVL_OK;
}

evl_status evl_group_item(evl_group *parent, const char *key, int i, evl_group **item) {
  config_setting_t *setting = config_setting_get_member(parent->setting, key);
  return new_group(parent->config, config_setting_get_elem(setting, (unsigned)i), item);
}

/* ---- settings as plain values ---- */

static const config_setting_t *setting_of(const evl_node *node) { return (const config_setting_t *)node; }

evl_node_kind evl_node_kind_of(const evl_node *node) {
  switch (config_setting_type(setting_of(node))) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64: return EVL_NODE_INT;
    case CONFIG_TYPE_FLOAT: return EVL_NODE_REAL;
    case CONFIG_TYPE_BOOL: return EVL_NODE_BOOL;
    case CONFIG_TYPE_STRING: return EVL_NODE_STRING;
    case CONFIG_TYPE_GROUP: return EVL_NODE_GROUP;
    default: return EVL_NODE_LIST;
  }
}

int evl_node_count(const evl_node *node) { return config_setting_length(setting_of(node)); }
evl_node *evl_node_element(const evl_node *node, int i) {
  return (evl_node *)config_setting_get_elem(setting_of(node), (unsigned)i);
}
const char *evl_node_name(const evl_node *node) { return config_setting_name(setting_of(node)); }
int evl_node_line(const evl_node *node) { return (int)config_setting_source_line(setting_of(node)); }
int64_t evl_node_int(const evl_node *node) {
  const config_setting_t *s = setting_of(node);
  return config_setting_type(s) == CONFIG_TYPE_BOOL ? config_setting_get_bool(s) : config_setting_get_int64(s);
}
double evl_node_real(const evl_node *node) {
  const config_setting_t *s = setting_of(node);
  bool real = config_setting_type(s) == CONFIG_TYPE_FLOAT;
  return real ? config_setting_get_float(s) : (double)config_setting_get_int64(s);
}
const char *evl_node_string(const evl_node *node) { return config_setting_get_string(setting_of(node)); }
