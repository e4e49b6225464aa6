package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"regexp"
	"strings"
)

// A logConfig is the file of --log-config: a configuration of Python's logging
// in its INI form, which the reference takes. Of it counts where the root
// logger's records go, and from which level on. Other loggers are parts of the
// reference's inside, and the form of a line is this program's own.
type logConfig struct {
	path     string
	sections map[string]map[string]string
}

func readLogConfig(path string) (*logConfig, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--log-config: %w", err)
	}
	defer file.Close()
	c := &logConfig{path: path, sections: map[string]map[string]string{}}
	section := map[string]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if name, ok := strings.CutPrefix(line, "["); ok && strings.HasSuffix(name, "]") {
			section = map[string]string{}
			c.sections[strings.TrimSuffix(name, "]")] = section
		} else if i := strings.IndexAny(line, "=:"); i > 0 {
			section[strings.ToLower(strings.TrimSpace(line[:i]))] = strings.TrimSpace(line[i+1:])
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("--log-config %s: %w", path, err)
	}
	if c.sections["logger_root"] == nil {
		return nil, fmt.Errorf("--log-config %s: there is no section [logger_root]; it takes what Python's logging.config.fileConfig takes", path)
	}
	return c, nil
}

// handler is where the records go. close ends it.
func (c *logConfig) handler(e *env) (to slog.Handler, close func(), err error) {
	var files []*os.File
	close = func() {
		for _, file := range files {
			file.Close()
		}
	}
	root := c.sections["logger_root"]
	least, err := c.level("logger_root", root["level"])
	if err != nil {
		return nil, close, err
	}
	var handlers []slog.Handler
	for _, name := range strings.FieldsFunc(root["handlers"], func(r rune) bool { return r == ',' || r == ' ' }) {
		section := "handler_" + name
		level, err := c.level(section, c.sections[section]["level"])
		if err != nil {
			return nil, close, err
		}
		w, file, err := c.open(e, section)
		if err != nil {
			return nil, close, err
		}
		if file != nil {
			files = append(files, file)
		}
		handlers = append(handlers, slog.NewTextHandler(w, &slog.HandlerOptions{Level: max(level, least)}))
	}
	return slog.NewMultiHandler(handlers...), close, nil
}

// level is a level by its name in Python.
func (c *logConfig) level(section, name string) (slog.Level, error) {
	switch strings.ToUpper(name) {
	case "", "NOTSET":
		return math.MinInt, nil
	case "DEBUG":
		return slog.LevelDebug, nil
	case "INFO":
		return slog.LevelInfo, nil
	case "WARNING", "WARN":
		return slog.LevelWarn, nil
	case "ERROR":
		return slog.LevelError, nil
	case "CRITICAL", "FATAL":
		return slog.LevelError + 4, nil
	}
	return 0, fmt.Errorf("--log-config %s: [%s]: there is no level %q", c.path, section, name)
}

// firstString is the first argument of a handler where that is a string, and the
// second one.
var firstString = regexp.MustCompile(`^\(\s*(?:'([^']*)'|"([^"]*)")\s*(?:,\s*['"]([aw])['"])?`)

// open opens where a handler writes to; file is nil for standard streams.
func (c *logConfig) open(e *env, section string) (w io.Writer, file *os.File, err error) {
	settings := c.sections[section]
	switch class := strings.TrimPrefix(settings["class"], "logging."); class {
	case "StreamHandler":
		if strings.Contains(settings["args"], "sys.stdout") {
			return e.stdout, nil, nil
		}
		return e.stderr, nil, nil
	case "FileHandler":
		args := firstString.FindStringSubmatch(settings["args"])
		if args == nil {
			return nil, nil, fmt.Errorf("--log-config %s: [%s]: args must begin with the file's name, such as args=('b2.log',)", c.path, section)
		}
		flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
		if args[3] == "w" {
			flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
		}
		file, err := os.OpenFile(args[1]+args[2], flags, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("--log-config %s: [%s]: %w", c.path, section, err)
		}
		return file, file, nil
	default:
		return nil, nil, fmt.Errorf("--log-config %s: [%s]: the class %q is not known here; there are StreamHandler and FileHandler", c.path, section, class)
	}
}
