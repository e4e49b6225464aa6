package b2server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"syscall"
)

// journal is the file of the changes that are not in the index file yet. Each
// record is one update:
//
//	4 bytes  length of the changes
//	4 bytes  CRC-32C of the epoch and the changes
//	changes  table, kind, key and value, one after the other
//
// The journal is never cut: it begins anew at its front, in a new epoch, and its
// space is there from the start. The first record that is not whole, or of
// another epoch, is its end.
type journal struct {
	file    *os.File
	room    int64 // it is full when it is longer
	epoch   uint64
	end     int64  // of the records of this epoch
	records uint64 // since the start
	memory  []byte // of one record

	synced struct {
		sync.Mutex
		ended   sync.Cond
		records uint64 // so many are durable
		busy    bool   // one update syncs for all that wait
		err     error  // what failed: from then on nothing is known to be durable
	}
}

const (
	recordHead = 8

	// journalRoom bounds the layer in memory too, which holds about as much.
	journalRoom = 1 << 20

	// journalReserve is beyond that, for removals on a full disk: without them
	// nobody could make space.
	journalReserve = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: f, room: journalRoom}
	j.synced.ended.L = &j.synced
	return j, j.reserve()
}

// reserve makes the file as long as it may become, so that it has its space
// when the disk is full. On a disk that is full by now, it goes without.
func (j *journal) reserve() error {
	at, err := j.file.Seek(0, io.SeekEnd)
	zeros := make([]byte, journalReserve)
	for ; err == nil && at < journalRoom+journalReserve; at += int64(len(zeros)) {
		_, err = j.file.WriteAt(zeros, at)
	}
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	_, err = j.file.Seek(0, io.SeekStart)
	return err
}

// full says that the layer should go into the index before another record.
func (j *journal) full() bool { return j.end >= j.room }

// blank is a record without changes.
func (j *journal) blank() []byte { return append(j.memory[:0], make([]byte, recordHead)...) }

// The kinds of change.
const (
	changePut    = 'p'
	changeDelete = 'd'
)

// appendChange adds a change to a record; a nil value is a removal.
func appendChange(record []byte, t Table, key, value []byte) []byte {
	if value == nil {
		return appendBytes(append(record, byte(t), changeDelete), key)
	}
	return appendBytes(appendBytes(append(record, byte(t), changePut), key), value)
}

// append writes a record.
func (j *journal) append(record []byte) error {
	j.memory = record
	changes := record[recordHead:]
	binary.BigEndian.PutUint32(record, uint32(len(changes)))
	binary.BigEndian.PutUint32(record[4:], j.sum(changes))
	if _, err := j.file.WriteAt(record, j.end); err != nil {
		return fmt.Errorf("the journal: %w", err)
	}
	j.end += int64(len(record))
	j.synced.Lock()
	j.records++
	j.synced.Unlock()
	return nil
}

func (j *journal) sum(changes []byte) uint32 {
	var epoch [8]byte
	binary.BigEndian.PutUint64(epoch[:], j.epoch)
	return crc32.Update(crc32.Checksum(epoch[:], castagnoli), castagnoli, changes)
}

// restart begins an epoch. All records of the one before are in the index.
func (j *journal) restart(epoch uint64) {
	j.epoch, j.end = epoch, 0
	j.synced.Lock()
	defer j.synced.Unlock()
	j.synced.records = j.records
	j.synced.ended.Broadcast()
}

// await returns when so many records are durable. Of those that wait, one syncs
// the file for all that were written by then. before is called ahead of it.
func (j *journal) await(record uint64, before func() error) error {
	s := &j.synced
	s.Lock()
	defer s.Unlock()
	for s.records < record && s.err == nil {
		if s.busy {
			s.ended.Wait()
			continue
		}
		s.busy = true
		written := j.records
		s.Unlock()
		err := before()
		if err == nil {
			err = j.file.Sync()
		}
		s.Lock()
		s.busy = false
		if err != nil {
			s.err = fmt.Errorf("the journal cannot be written for sure, and the store must be opened anew: %w", err)
		} else {
			s.records = max(s.records, written)
		}
		s.ended.Broadcast()
	}
	if s.records < record {
		return s.err
	}
	return nil
}

// failed is why the journal takes no more records.
func (j *journal) failed() error {
	j.synced.Lock()
	defer j.synced.Unlock()
	return j.synced.err
}

// replay calls fn for all changes of the epoch. Values that it is given are
// its own; nil is a removal.
func (j *journal) replay(fn func(t Table, key, value []byte) error) error {
	raw, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	for len(raw) >= recordHead {
		n := uint64(binary.BigEndian.Uint32(raw))
		if n > uint64(len(raw)-recordHead) {
			break
		}
		changes := raw[recordHead : recordHead+n]
		if binary.BigEndian.Uint32(raw[4:]) != j.sum(changes) {
			break
		}
		if err := eachChange(changes, fn); err != nil {
			return err
		}
		raw = raw[recordHead+n:]
	}
	return nil
}

var errBadJournal = errors.New("a record of the journal cannot be read")

// eachChange calls fn for the changes of one record.
func eachChange(changes []byte, fn func(t Table, key, value []byte) error) error {
	for r := (reader{s: string(changes)}); r.s != ""; {
		t, kind := Table(r.byte()), r.byte()
		key := []byte(r.string())
		var value []byte
		if kind == changePut {
			value = append([]byte{}, r.string()...)
		}
		if r.bad || t >= tableCount {
			return errBadJournal
		}
		if err := fn(t, key, value); err != nil {
			return err
		}
	}
	return nil
}
