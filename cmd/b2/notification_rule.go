package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newNotificationRule(e *env) *cobra.Command {
	return newGroup("notification-rule", "Manage the webhooks that a bucket calls",
		newRuleCreate(e), newRuleDelete(e), newRuleSwitch(e, "disable", false), newRuleSwitch(e, "enable", true),
		newRuleList(e), newRuleUpdate(e))
}

// rule is a notification rule as the service keeps it. Fields that are not
// known here go through unchanged.
type rule = map[string]any

// ruleOptions describe a rule.
type ruleOptions struct {
	eventTypes, headers []string
	url, secret         string
	enable, disable     bool
	json                bool
}

func (o *ruleOptions) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&o.eventTypes, "event-type", nil, "call for this `EVENT`, such as 'b2:ObjectCreated:*'; may be repeated")
	flags.StringVar(&o.url, "webhook-url", "", "the `URL` to call, with https")
	flags.StringVar(&o.secret, "sign-secret", "", "sign the calls with this `SECRET` of 32 letters and digits")
	flags.StringArrayVar(&o.headers, "custom-header", nil, "send this `NAME=VALUE` as a header; may be repeated")
	flags.BoolVar(&o.enable, "enable", false, "turn the rule on")
	flags.BoolVar(&o.disable, "disable", false, "turn the rule off")
	addRuleJSON(cmd, &o.json)
}

func addRuleJSON(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "json", false, "print JSON, for scripts")
}

var signSecret = regexp.MustCompile(`^[a-zA-Z0-9]{32}$`)

// apply sets what the options say in a rule.
func (o *ruleOptions) apply(cmd *cobra.Command, r rule, u b2URI) error {
	if err := exclusive(cmd, []string{"enable", "disable"}); err != nil {
		return err
	}
	if u.path != "" {
		r["objectNamePrefix"] = u.path
	}
	if o.eventTypes != nil {
		r["eventTypes"] = o.eventTypes
	}
	if o.enable || o.disable {
		r["isEnabled"] = o.enable
	}
	target, _ := r["targetConfiguration"].(map[string]any)
	if target == nil {
		target = map[string]any{"targetType": "webhook"}
		r["targetConfiguration"] = target
	}
	if o.url != "" {
		target["url"] = o.url
	}
	if o.secret != "" {
		if !signSecret.MatchString(o.secret) {
			return &usageError{cmd, "argument --sign-secret: the secret has to be exactly 32 alphanumeric characters"}
		}
		target["hmacSha256SigningSecret"] = o.secret
	}
	if o.headers != nil {
		var headers []map[string]string
		for _, word := range o.headers {
			name, value, _ := strings.Cut(word, "=")
			headers = append(headers, map[string]string{"name": name, "value": value})
		}
		target["customHeaders"] = headers
	}
	return nil
}

func newRuleCreate(e *env) *cobra.Command {
	var o ruleOptions
	cmd := &cobra.Command{
		Use: "create B2_URI ruleName", Short: "Add a rule to a bucket",
		Example: `    b2 bucket notification-rule create b2://my-bucket/photos/ on-upload --event-type "b2:ObjectCreated:*" --webhook-url https://example.com/hook`,
		Args:    params,
		RunE: func(cmd *cobra.Command, args []string) error {
			var missing []string
			if o.eventTypes == nil {
				missing = append(missing, "--event-type")
			}
			if o.url == "" {
				missing = append(missing, "--webhook-url")
			}
			if missing != nil {
				return &usageError{cmd, "the following arguments are required: " + strings.Join(missing, ", ")}
			}
			return e.changeRules(cmd, args[0], func(u b2URI, rules []rule) ([]rule, rule, error) {
				if findRule(rules, args[1]) != nil {
					return nil, nil, fmt.Errorf("rule with name '%s' already exists on bucket '%s'", args[1], u.bucket)
				}
				r := rule{"name": args[1], "isEnabled": true, "objectNamePrefix": ""}
				if err := o.apply(cmd, r, u); err != nil {
					return nil, nil, err
				}
				return append(rules, r), r, nil
			}, o.json)
		},
	}
	o.add(cmd)
	return cmd
}

func newRuleUpdate(e *env) *cobra.Command {
	var o ruleOptions
	cmd := &cobra.Command{
		Use: "update B2_URI ruleName", Short: "Change a rule of a bucket",
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.changeRules(cmd, args[0], func(u b2URI, rules []rule) ([]rule, rule, error) {
				r := findRule(rules, args[1])
				if r == nil {
					return nil, nil, noRule(u, rules, args[1])
				}
				return rules, r, o.apply(cmd, r, u)
			}, o.json)
		},
	}
	o.add(cmd)
	return cmd
}

// newRuleSwitch turns a rule on or off.
func newRuleSwitch(e *env, name string, on bool) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: name + " B2_URI ruleName", Short: strings.ToUpper(name[:1]) + name[1:] + " a rule of a bucket",
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.changeRules(cmd, args[0], func(u b2URI, rules []rule) ([]rule, rule, error) {
				r := findRule(rules, args[1])
				if r == nil {
					return nil, nil, noRule(u, rules, args[1])
				}
				r["isEnabled"] = on
				return rules, r, nil
			}, asJSON)
		},
	}
	addRuleJSON(cmd, &asJSON)
	return cmd
}

func newRuleDelete(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "delete B2_URI ruleName", Short: "Delete a rule of a bucket",
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			var bucket b2URI
			err := e.changeRules(cmd, args[0], func(u b2URI, rules []rule) ([]rule, rule, error) {
				bucket = u
				kept := slices.DeleteFunc(slices.Clone(rules), func(r rule) bool { return r["name"] == args[1] })
				if len(kept) == len(rules) {
					return nil, nil, fmt.Errorf("no such rule to delete: '%s', available rules: %s; No rules have been deleted.", args[1], ruleNames(rules))
				}
				return kept, nil, nil
			}, false)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdout, "Rule '%s' has been deleted from %s\n", args[1], bucket)
			return err
		},
	}
}

func newRuleList(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list B2_URI", Short: "List the rules of a bucket",
		Args: params,
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.withURI(cmd, args[0], bucketURI|folderURI|fileURI, func(s *session, u b2URI) error {
				rules, _, err := s.rules(cmd.Context(), u.bucket)
				if err != nil {
					return err
				}
				rules = slices.DeleteFunc(rules, func(r rule) bool {
					prefix, _ := r["objectNamePrefix"].(string)
					return !strings.HasPrefix(prefix, u.path)
				})
				slices.SortFunc(rules, func(a, b rule) int { return strings.Compare(fmt.Sprint(a["name"]), fmt.Sprint(b["name"])) })
				switch {
				case asJSON:
					return printJSON(e.stdout, orEmptyList(rules))
				case len(rules) == 0:
					_, err = fmt.Fprintf(e.stdout, "No notification rules for %s\n", u)
				default:
					_, err = fmt.Fprintf(e.stdout, "Notification rules for %s :\n%s", u, readable(rules))
				}
				return err
			})
		},
	}
	addRuleJSON(cmd, &asJSON)
	return cmd
}

// changeRules changes the rules of a bucket and prints the rule that change
// answers, as it is then.
func (e *env) changeRules(cmd *cobra.Command, uri string, change func(b2URI, []rule) ([]rule, rule, error), asJSON bool) error {
	return e.withURI(cmd, uri, bucketURI|folderURI|fileURI, func(s *session, u b2URI) error {
		ctx := cmd.Context()
		rules, bucketID, err := s.rules(ctx, u.bucket)
		if err != nil {
			return err
		}
		rules, shown, err := change(u, rules)
		if err != nil {
			return err
		}
		request := b2.NotificationRules{BucketID: bucketID, Rules: []json.RawMessage{}}
		for _, r := range rules {
			sent := maps.Clone(r)
			delete(sent, "isSuspended") // only ever in answers
			delete(sent, "suspensionReason")
			text, err := json.Marshal(sent)
			if err != nil {
				return err
			}
			request.Rules = append(request.Rules, text)
		}
		answer, err := s.SetNotificationRules(ctx, request)
		if err != nil || shown == nil {
			return err
		}
		now, err := decodeRules(answer)
		if err != nil {
			return err
		}
		shown = findRule(now, fmt.Sprint(shown["name"]))
		if asJSON {
			return printJSON(e.stdout, shown)
		}
		_, err = fmt.Fprint(e.stdout, readable(shown))
		return err
	})
}

// rules are the rules of a bucket.
func (s *session) rules(ctx context.Context, bucket string) (rules []rule, bucketID string, err error) {
	ref, err := s.bucket(ctx, bucket)
	if err != nil {
		return nil, "", err
	}
	answer, err := s.NotificationRules(ctx, ref.ID)
	if err != nil {
		return nil, "", err
	}
	rules, err = decodeRules(answer)
	return rules, ref.ID, err
}

func decodeRules(answer *b2.NotificationRules) ([]rule, error) {
	var rules []rule
	for _, text := range answer.Rules {
		var r rule
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("a notification rule cannot be read: %w", err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func findRule(rules []rule, name string) rule {
	for _, r := range rules {
		if r["name"] == name {
			return r
		}
	}
	return nil
}

func noRule(u b2URI, rules []rule, name string) error {
	return fmt.Errorf("rule with name '%s' does not exist on bucket '%s', available rules: %s", name, u.bucket, ruleNames(rules))
}

func ruleNames(rules []rule) string {
	var names []string
	for _, r := range rules {
		names = append(names, fmt.Sprintf("'%v'", r["name"]))
	}
	slices.Sort(names)
	return "[" + strings.Join(names, ", ") + "]"
}
