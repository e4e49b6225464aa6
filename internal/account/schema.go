package account

// The schema in its newest form, which is update 6 of the reference's SDK. The
// columns and their order are the reference's, letter by letter, because it
// checks the numbers in update_done and nothing else.
const (
	createUpdateDone = `CREATE TABLE IF NOT EXISTS update_done (
	update_number INT NOT NULL
)`

	createAccount = `CREATE TABLE account (
	account_id TEXT NOT NULL,
	application_key TEXT NOT NULL,
	account_auth_token TEXT NOT NULL,
	api_url TEXT NOT NULL,
	download_url TEXT NOT NULL,
	absolute_minimum_part_size INT NOT NULL,
	recommended_part_size INT NOT NULL,
	realm TEXT NOT NULL,
	allowed TEXT,
	account_id_or_app_key_id TEXT,
	s3_api_url TEXT
)`

	createBucket = `CREATE TABLE IF NOT EXISTS bucket (
	bucket_name TEXT NOT NULL,
	bucket_id TEXT NOT NULL
)`

	// The reference has not used this table for years, and still empties it.
	createUploadURL = `CREATE TABLE IF NOT EXISTS bucket_upload_url (
	bucket_id TEXT NOT NULL,
	upload_url TEXT NOT NULL,
	upload_auth_token TEXT NOT NULL
)`

	insertAccount = `INSERT INTO account (
	account_id, application_key, account_auth_token, api_url, download_url,
	absolute_minimum_part_size, recommended_part_size, realm,
	allowed, account_id_or_app_key_id, s3_api_url
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// lastUpdate is the number of the newest update of the schema.
const lastUpdate = 6
