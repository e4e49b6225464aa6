package b2server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// notificationRule sends events of a bucket to a webhook (API documentation,
// "Event Notifications").
type notificationRule struct {
	Name             string             `json:"name"`
	EventTypes       []string           `json:"eventTypes"`
	IsEnabled        bool               `json:"isEnabled"`
	IsSuspended      bool               `json:"isSuspended"`
	SuspensionReason string             `json:"suspensionReason"`
	ObjectNamePrefix string             `json:"objectNamePrefix"`
	Target           notificationTarget `json:"targetConfiguration"`
}

type notificationTarget struct {
	TargetType    string          `json:"targetType"`
	URL           string          `json:"url"`
	CustomHeaders []webhookHeader `json:"customHeaders"`
	SigningSecret *string         `json:"hmacSha256SigningSecret"`
}

type webhookHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Events that a rule can name; "<category>:*" names all of a category.
const (
	eventUpload          = "b2:ObjectCreated:Upload"
	eventMultipart       = "b2:ObjectCreated:MultipartUpload"
	eventCopy            = "b2:ObjectCreated:Copy"
	eventReplica         = "b2:ObjectCreated:Replica"
	eventMultipartRepl   = "b2:ObjectCreated:MultipartReplica"
	eventDelete          = "b2:ObjectDeleted:Delete"
	eventDeleteLifecycle = "b2:ObjectDeleted:LifecycleRule"
	eventHide            = "b2:HideMarkerCreated:Hide"
	eventHideLifecycle   = "b2:HideMarkerCreated:LifecycleRule"
)

var everyEvent = []string{
	"b2:ObjectCreated:*", eventUpload, eventMultipart, eventCopy, eventReplica, eventMultipartRepl,
	"b2:ObjectDeleted:*", eventDelete, eventDeleteLifecycle,
	"b2:HideMarkerCreated:*", eventHide, eventHideLifecycle,
}

// category is an event type without its last word.
func category(event string) string { return event[:strings.LastIndexByte(event, ':')+1] }

type notificationsRequest struct {
	BucketID string             `json:"bucketId"`
	Rules    []notificationRule `json:"eventNotificationRules"`
}

func notificationsAnswer(b *bucket) any {
	rules := b.Notifications
	if rules == nil {
		rules = []notificationRule{}
	}
	return notificationsRequest{BucketID: b.ID, Rules: rules}
}

func (c *call) getNotifications(req *wire.UploadURLRequest) (any, error) {
	b, err := c.bucket(req.BucketID)
	if err != nil {
		return nil, err
	}
	return notificationsAnswer(b), nil
}

func (c *call) setNotifications(req *notificationsRequest) (any, error) {
	if _, err := c.bucket(req.BucketID); err != nil {
		return nil, err
	}
	if req.Rules == nil {
		return nil, badRequest("required field eventNotificationRules is missing")
	}
	if err := c.s.checkNotifications(req.Rules); err != nil {
		return nil, err
	}
	c.s.buckets.change.Lock()
	defer c.s.buckets.change.Unlock()
	old, err := c.bucket(req.BucketID)
	if err != nil {
		return nil, err
	}
	b := *old
	b.Notifications = req.Rules
	b.Revision++
	if err := c.s.putBucket(&b); err != nil {
		return nil, err
	}
	return notificationsAnswer(&b), nil
}

const maxNotificationRules = 25

func (s *Server) checkNotifications(rules []notificationRule) error {
	if len(rules) > maxNotificationRules {
		return badRequest("there may be at most %d notification rules", maxNotificationRules)
	}
	for i := range rules {
		r := &rules[i]
		r.IsSuspended, r.SuspensionReason = false, "" // read-only
		if err := s.checkNotification(r); err != nil {
			return err
		}
		for j := range rules[:i] {
			o := &rules[j]
			if o.Name == r.Name {
				return badRequest("two notification rules have the name %s", r.Name)
			}
			prefixes := strings.HasPrefix(o.ObjectNamePrefix, r.ObjectNamePrefix) || strings.HasPrefix(r.ObjectNamePrefix, o.ObjectNamePrefix)
			if prefixes && slices.ContainsFunc(r.EventTypes, func(e string) bool { return overlaps(o.EventTypes, e) }) {
				return fail(http.StatusBadRequest, "event_type_overlap", "rules %s and %s overlap", o.Name, r.Name)
			}
		}
	}
	return nil
}

// overlaps says whether an event type is among others, themselves or by *.
func overlaps(types []string, event string) bool {
	return slices.ContainsFunc(types, func(t string) bool {
		return t == event || category(t) == category(event) && (strings.HasSuffix(t, "*") || strings.HasSuffix(event, "*"))
	})
}

func (s *Server) checkNotification(r *notificationRule) error {
	if r.Name == "" || len(r.Name) > 63 {
		return badRequest("the name of a notification rule must be 1 to 63 characters long")
	}
	if len(r.EventTypes) == 0 {
		return fail(http.StatusBadRequest, "event_types_empty", "rule %s has no event types", r.Name)
	}
	for i, e := range r.EventTypes {
		switch {
		case !slices.Contains(everyEvent, e):
			return fail(http.StatusBadRequest, "event_type_invalid", "unknown event type: %s", e)
		case category(e) != category(r.EventTypes[0]):
			return fail(http.StatusBadRequest, "event_type_categories", "the event types of rule %s belong to several categories", r.Name)
		case overlaps(r.EventTypes[:i], e):
			return fail(http.StatusBadRequest, "event_type_overlap", "the event types of rule %s overlap", r.Name)
		}
	}
	return s.checkTarget(r)
}

func (s *Server) checkTarget(r *notificationRule) error {
	t := &r.Target
	if t.TargetType != "webhook" {
		return badRequest("rule %s: targetType must be webhook", r.Name)
	}
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !s.cfg.PlainWebhooks) {
		return badRequest("rule %s: the url must be https", r.Name)
	}
	if t.SigningSecret != nil && (len(*t.SigningSecret) != 32 || strings.Trim(*t.SigningSecret, letters+digits) != "") {
		return badRequest("rule %s: the signing secret must be 32 letters and digits", r.Name)
	}
	for _, h := range t.CustomHeaders {
		if h.Name == "" || strings.Trim(h.Name, letters+digits+"-_") != "" || !validHeaderValue(h.Value) {
			return badRequest("rule %s: not a header: %s", r.Name, h.Name)
		}
	}
	return nil
}

// event is one entry of what a webhook receives.
type event struct {
	AccountID       string `json:"accountId"`
	BucketID        string `json:"bucketId"`
	BucketName      string `json:"bucketName"`
	EventID         string `json:"eventId"`
	EventTimestamp  int64  `json:"eventTimestamp"`
	EventType       string `json:"eventType"`
	EventVersion    int    `json:"eventVersion"`
	MatchedRuleName string `json:"matchedRuleName"`
	ObjectName      string `json:"objectName"`
	ObjectSize      *int64 `json:"objectSize"`
	ObjectVersionID string `json:"objectVersionId"`
}

// SignatureHeader carries the signature of a webhook: "v1=" and the hex
// HMAC-SHA256 of the body under the rule's secret.
const SignatureHeader = "X-Bz-Event-Notification-Signature"

// notifier delivers events. It has one worker, which is started by the first
// event, so that a server without rules has none.
type notifier struct {
	account string
	client  *http.Client
	log     *slog.Logger

	ctx    context.Context
	cancel context.CancelFunc
	start  sync.Once
	queue  chan delivery
	work   sync.WaitGroup
}

type delivery struct {
	rule   string // its name, for the log
	target notificationTarget
	body   []byte
}

// The queue is bounded and events beyond it are dropped, with a word in the
// log: a dead webhook must not stop uploads.
const (
	maxDeliveries   = 1024
	deliveryTries   = 3
	deliveryTimeout = 10 * time.Second
)

func newNotifier(account string, transport http.RoundTripper, log *slog.Logger) *notifier {
	n := &notifier{account: account, log: log, queue: make(chan delivery, maxDeliveries),
		client: &http.Client{Transport: transport, Timeout: deliveryTimeout}}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n
}

// send queues an event of a version for the rules that it matches.
func (n *notifier) send(b *bucket, kind string, v *version, now time.Time) {
	if b == nil {
		return
	}
	for i := range b.Notifications {
		r := &b.Notifications[i]
		if !r.IsEnabled || !strings.HasPrefix(v.Name, r.ObjectNamePrefix) || !overlaps(r.EventTypes, kind) {
			continue
		}
		id := make([]byte, 16)
		_, _ = rand.Read(id)
		e := event{AccountID: n.account, BucketID: b.ID, BucketName: b.Name, EventID: hex.EncodeToString(id),
			EventTimestamp: now.UnixMilli(), EventType: kind, EventVersion: 1, MatchedRuleName: r.Name,
			ObjectName: v.Name, ObjectVersionID: v.id()}
		if v.Action == actionUpload {
			e.ObjectSize = &v.Size
		}
		body, err := json.Marshal(map[string][]event{"events": {e}})
		if err != nil {
			n.log.Error("an event cannot be rendered", slog.Any("error", err))
			continue
		}
		n.start.Do(func() { n.work.Go(n.deliverAll) })
		select {
		case n.queue <- delivery{r.Name, r.Target, body}:
		default:
			n.log.Warn("event dropped: too many wait for their webhooks", slog.String("rule", r.Name))
		}
	}
}

func (n *notifier) deliverAll() {
	for {
		select {
		case d := <-n.queue:
			n.deliver(d)
		case <-n.ctx.Done():
			return
		}
	}
}

// host is where a delivery goes. The rest of the address may hold a secret, and
// is not for the log.
func (d *delivery) host() string {
	u, err := url.Parse(d.target.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// deliver tries a few times, with a pause that doubles.
func (n *notifier) deliver(d delivery) {
	pause := time.Second
	for try := 1; ; try++ {
		err := n.post(d)
		if err == nil {
			return
		}
		if try == deliveryTries || n.ctx.Err() != nil {
			n.log.Warn("event not delivered", slog.String("rule", d.rule), slog.String("host", d.host()), slog.Any("error", err))
			return
		}
		sleep(n.ctx, pause)
		pause *= 2
	}
}

func (n *notifier) post(d delivery) error {
	r, err := http.NewRequestWithContext(n.ctx, http.MethodPost, d.target.URL, bytes.NewReader(d.body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "B2/EventNotifications")
	for _, h := range d.target.CustomHeaders {
		r.Header.Set(h.Name, h.Value)
	}
	if d.target.SigningSecret != nil {
		mac := hmac.New(sha256.New, []byte(*d.target.SigningSecret))
		_, _ = mac.Write(d.body)
		r.Header.Set(SignatureHeader, "v1="+hex.EncodeToString(mac.Sum(nil)))
	}
	res, err := n.client.Do(r)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err // without the address
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the webhook answered %s", res.Status)
	}
	return nil
}

func (n *notifier) close() {
	n.cancel()
	n.work.Wait()
}
