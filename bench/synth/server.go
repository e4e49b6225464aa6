// Package synth is a B2 server for measuring listings: it lists buckets of
// millions of files without holding any of them.
//
// A bucket called files-N holds the first N files of package corpus, all of
// them empty. There is nothing to set up, any key is accepted, and whatever
// would change a bucket is refused: a run that should have found nothing to do
// fails loudly.
package synth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bowline-sync/bowline/bench/corpus"
)

// Server answers the calls that a sync without changes makes.
type Server struct {
	// Latency is waited before each call is answered; nil for none.
	Latency func(call string) time.Duration
}

// PrefixKey begins the id of a key that may see only names with a prefix; the
// prefix follows.
const PrefixKey = "prefix:"

const (
	accountID = "a30f20426f0b1"
	// idDigits pads the number of files in a bucket's id to 24 digits.
	idDigits   = 24
	namePrefix = "files-"
	emptySHA1  = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
)

// BucketName is the name of the bucket that holds n files.
func BucketName(n int) string { return namePrefix + strconv.Itoa(n) }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	version, call := splitPath(r.URL.Path)
	if s.Latency != nil {
		time.Sleep(s.Latency(call))
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	switch call {
	case "b2_authorize_account":
		authorize(w, r)
	case "b2_list_buckets":
		listBuckets(w, r)
	case "b2_list_file_names", "b2_list_file_versions":
		list(w, r, version, call)
	case "b2_list_unfinished_large_files":
		fmt.Fprint(w, `{"files":[],"nextFileId":null}`)
	case "b2_download_file_by_id", "b2_download_file_by_name":
		download(w, r)
	default:
		refuse(w, http.StatusBadRequest, "bad_request", "this server only lists: "+call)
	}
}

// splitPath answers the version ("v4") and the name of a call.
func splitPath(path string) (version, call string) {
	if strings.HasPrefix(path, "/file/") {
		return "", "b2_download_file_by_name"
	}
	rest, _ := strings.CutPrefix(path, "/b2api/")
	version, call, _ = strings.Cut(rest, "/")
	return version, call
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"status":%d,"code":%q,"message":%q}`, status, code, message)
}

// authorize answers in the form of v4, which Bowline and rclone ask for.
func authorize(w http.ResponseWriter, r *http.Request) {
	keyID, _, _ := r.BasicAuth()
	prefix := "null"
	if p, ok := strings.CutPrefix(keyID, PrefixKey); ok {
		prefix = strconv.Quote(p)
	}
	base := "http://" + r.Host
	fmt.Fprintf(w, `{"accountId":%q,"authorizationToken":"4_synthetic_token=","applicationKeyExpirationTimestamp":null,`+
		`"apiInfo":{"storageApi":{"absoluteMinimumPartSize":5000000,"recommendedPartSize":100000000,`+
		`"apiUrl":%q,"downloadUrl":%q,"s3ApiUrl":%q,"allowed":{"buckets":null,"namePrefix":%s,"capabilities":`+
		`["listBuckets","readBuckets","listFiles","readFiles","writeFiles","deleteFiles","shareFiles","readBucketEncryption"]}}}}`,
		accountID, base, base, base, prefix)
}

// query is a request for a listing or for buckets. Absent and null are alike.
type query struct {
	BucketID, BucketName  string
	StartFileName, Prefix string
	Delimiter             string
	MaxFileCount          int
}

// readQuery takes fields from the JSON body, or from the URL of a GET.
func readQuery(r *http.Request) (q query, err error) {
	if r.Method == http.MethodPost {
		return q, json.NewDecoder(r.Body).Decode(&q)
	}
	v := r.URL.Query()
	q = query{
		BucketID: v.Get("bucketId"), BucketName: v.Get("bucketName"), Prefix: v.Get("prefix"),
		StartFileName: v.Get("startFileName"), Delimiter: v.Get("delimiter"),
	}
	if n := v.Get("maxFileCount"); n != "" {
		q.MaxFileCount, err = strconv.Atoi(n)
	}
	return q, err
}

func listBuckets(w http.ResponseWriter, r *http.Request) {
	q, err := readQuery(r)
	n, ok := q.files()
	if err != nil || !ok {
		fmt.Fprint(w, `{"buckets":[]}`)
		return
	}
	fmt.Fprintf(w, `{"buckets":[{"accountId":%q,"bucketId":%q,"bucketInfo":{},"bucketName":%q,"bucketType":"allPrivate",`+
		`"corsRules":[],"defaultServerSideEncryption":{"isClientAuthorizedToRead":true,"value":{"algorithm":null,"mode":null}},`+
		`"fileLockConfiguration":{"isClientAuthorizedToRead":false,"value":null},"lifecycleRules":[],"options":[],`+
		`"replicationConfiguration":{"isClientAuthorizedToRead":false,"value":null},"revision":2}]}`,
		accountID, bucketID(n), BucketName(n))
}

// files answers how many files the bucket of the query holds.
func (q *query) files() (n int, ok bool) {
	number := q.BucketID
	if number == "" {
		number, ok = strings.CutPrefix(q.BucketName, namePrefix)
		if !ok {
			return 0, false
		}
	}
	n, err := strconv.Atoi(number)
	return n, err == nil && n > 0
}

func bucketID(n int) string { return string(corpus.AppendNumber(nil, n, idDigits)) }

// download answers the content of any file, which is empty.
func download(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("fileId")
	i, err := fileNumber(id)
	if err != nil {
		refuse(w, http.StatusNotFound, "not_found", "no file "+id)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", "0")
	h.Set("X-Bz-File-Id", id)
	h.Set("X-Bz-File-Name", corpus.Name(i))
	h.Set("X-Bz-Content-Sha1", emptySHA1)
	h.Set("X-Bz-Upload-Timestamp", uploaded)
	h.Set("X-Bz-Info-src_last_modified_millis", modTime)
}
