package b2server

import (
	"slices"
	"strings"

	"github.com/bowline-sync/bowline/internal/wire"
)

// The checks of bucket settings, by the API documentation.

func checkBucketName(name string) error {
	switch {
	case len(name) < 6 || len(name) > 63:
		return badRequest("Invalid bucketName: %s: it must be 6 to 63 characters long", name)
	case strings.Trim(name, letters+digits+"-") != "":
		return badRequest("Invalid bucketName: %s: only letters, digits and '-' are allowed", name)
	case strings.HasPrefix(strings.ToLower(name), "b2-"):
		return badRequest("Invalid bucketName: %s: names beginning with b2- are reserved", name)
	}
	return nil
}

// checkBucketTypes answers the types to list; nil is every type.
func checkBucketTypes(types []string) ([]string, error) {
	known := []string{wire.AllPublic, wire.AllPrivate, "snapshot", "restricted", "share", "shared"}
	switch {
	case types == nil:
		return known[:3], nil
	case len(types) == 0:
		return nil, badRequest("bucketTypes must not be empty")
	case len(types) == 1 && types[0] == "all":
		return nil, nil
	}
	for _, t := range types {
		if t == "all" {
			return nil, badRequest("bucketTypes: all must stand alone")
		}
		if !slices.Contains(known, t) {
			return nil, badRequest("unknown bucket type: %s", t)
		}
	}
	return types, nil
}

const maxBucketInfo = 10

// checkBucketInfo answers the info as it came: clients look for Cache-Control as
// they wrote it.
func checkBucketInfo(info map[string]string) (map[string]string, error) {
	if len(info) > maxBucketInfo {
		return nil, badRequest("bucketInfo has more than %d entries", maxBucketInfo)
	}
	total := 0
	for name, v := range info {
		if !validInfoName(name) {
			return nil, badRequest("Invalid bucketInfo name: %s", name)
		}
		total += len(name) + len(v)
	}
	if total > wire.MaxInfoBytes {
		return nil, badRequest("bucketInfo is longer than %d bytes", wire.MaxInfoBytes)
	}
	return info, nil
}

const maxRules = 100

// checkLifecycleRules answers the rules to keep.
func checkLifecycleRules(given []lifecycleRule) (rules []wire.LifecycleRule, err error) {
	if len(given) > maxRules {
		return nil, badRequest("there may be at most %d lifecycle rules", maxRules)
	}
	for _, r := range given {
		if r.FileNamePrefix == nil {
			return nil, badRequest("a lifecycle rule must have a fileNamePrefix; \"\" is for all files")
		}
		r.LifecycleRule.FileNamePrefix = *r.FileNamePrefix
		if err := checkLifecycleRule(&r.LifecycleRule, rules); err != nil {
			return nil, err
		}
		rules = append(rules, r.LifecycleRule)
	}
	return rules, nil
}

// checkLifecycleRule checks a rule, also against those before it.
func checkLifecycleRule(r *wire.LifecycleRule, before []wire.LifecycleRule) error {
	days := []*int{r.DaysFromHidingToDeleting, r.DaysFromUploadingToHiding, r.DaysFromStartingToCanceling}
	given := slices.DeleteFunc(days, func(d *int) bool { return d == nil })
	if len(given) == 0 {
		return badRequest("a lifecycle rule must have a number of days")
	}
	for _, d := range given {
		if *d < 1 {
			return badRequest("the days of a lifecycle rule must be positive")
		}
	}
	for _, other := range before {
		if strings.HasPrefix(r.FileNamePrefix, other.FileNamePrefix) || strings.HasPrefix(other.FileNamePrefix, r.FileNamePrefix) {
			return badRequest("lifecycle rules overlap: %q and %q", other.FileNamePrefix, r.FileNamePrefix)
		}
	}
	return nil
}

var corsOperations = []string{
	wire.CallDownloadByName, wire.CallDownloadByID, wire.CallUploadFile, wire.CallUploadPart,
	"s3_delete", "s3_get", "s3_head", "s3_post", "s3_put",
}

func checkCORSRules(rules []wire.CORSRule) error {
	if len(rules) > maxRules {
		return badRequest("there may be at most %d CORS rules", maxRules)
	}
	names := map[string]bool{}
	for i := range rules {
		r := &rules[i]
		if names[r.Name] {
			return badRequest("two CORS rules have the name %s", r.Name)
		}
		names[r.Name] = true
		if err := checkCORSRule(r); err != nil {
			return err
		}
	}
	return nil
}

func checkCORSRule(r *wire.CORSRule) error {
	const maxRuleBytes, maxAge = 1000, 86_400
	if len(r.Name) < 6 || len(r.Name) > 50 || strings.Trim(r.Name, letters+digits+"-") != "" || strings.HasPrefix(r.Name, "b2-") {
		return badRequest("corsRuleName must be 6 to 50 letters, digits and '-', not beginning with b2-")
	}
	if len(r.AllowedOrigins) == 0 || len(r.AllowedOperations) == 0 {
		return badRequest("CORS rule %s needs allowedOrigins and allowedOperations", r.Name)
	}
	for _, o := range r.AllowedOrigins {
		if !validOrigin(o) {
			return badRequest("CORS rule %s: not an origin: %s", r.Name, o)
		}
	}
	for _, op := range r.AllowedOperations {
		if !slices.Contains(corsOperations, op) {
			return badRequest("CORS rule %s: unknown operation %s", r.Name, op)
		}
	}
	if r.MaxAgeSeconds < 0 || r.MaxAgeSeconds > maxAge {
		return badRequest("CORS rule %s: maxAgeSeconds must be 0 to %d", r.Name, maxAge)
	}
	total := len(r.Name)
	for _, list := range [][]string{r.AllowedOrigins, r.AllowedOperations, r.AllowedHeaders, r.ExposeHeaders} {
		for _, s := range list {
			total += len(s)
		}
	}
	if total >= maxRuleBytes {
		return badRequest("CORS rule %s is %d bytes or longer", r.Name, maxRuleBytes)
	}
	return nil
}

// validOrigin accepts "*", "https" alone, and scheme://host with at most one *.
func validOrigin(o string) bool {
	if o == "*" || o == "https" {
		return true
	}
	scheme, host, ok := strings.Cut(o, "://")
	return ok && scheme != "" && !strings.Contains(scheme, "*") && host != "" &&
		!strings.Contains(host, "/") && strings.Count(host, "*") <= 1
}

// checkDefaultRetention answers the retention in its stored form. The mode
// "none" is what some clients send for null.
func checkDefaultRetention(r wire.DefaultRetention, lockEnabled bool) (wire.DefaultRetention, error) {
	var none wire.DefaultRetention
	switch value(r.Mode) {
	case "", "none":
		return none, nil
	case "governance", "compliance":
	default:
		return none, badRequest("the mode of defaultRetention must be governance or compliance")
	}
	if !lockEnabled {
		return none, bucketMissingLock()
	}
	if r.Period == nil || value(r.Period.Duration) < 1 {
		return none, badRequest("the period of defaultRetention must be positive")
	}
	if u := value(r.Period.Unit); u != "days" && u != "years" {
		return none, badRequest("the unit of defaultRetention must be days or years")
	}
	if *r.Period.Duration > 36_500 {
		return none, badRequest("the period of defaultRetention is too long")
	}
	return r, nil
}
