-- Traccar as its own migrations make it, as far as a backup can tell: tables named tc_*, Liquibase's
-- log and lock, and rows. https://github.com/traccar/traccar/tree/master/schema
CREATE DATABASE traccar CHARACTER SET utf8mb4;
USE traccar;
CREATE TABLE DATABASECHANGELOG (ID varchar(255) NOT NULL, AUTHOR varchar(255) NOT NULL,
  FILENAME varchar(255) NOT NULL, DATEEXECUTED datetime NOT NULL, ORDEREXECUTED int NOT NULL,
  EXECTYPE varchar(10) NOT NULL, MD5SUM varchar(35));
CREATE TABLE DATABASECHANGELOGLOCK (ID int NOT NULL PRIMARY KEY, LOCKED tinyint NOT NULL,
  LOCKGRANTED datetime, LOCKEDBY varchar(255));
CREATE TABLE tc_servers (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, registration bit(1) NOT NULL,
  map varchar(128), attributes varchar(4000));
CREATE TABLE tc_users (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(128) NOT NULL,
  email varchar(128) NOT NULL UNIQUE, hashedpassword varchar(128), salt varchar(128),
  administrator bit(1), attributes varchar(4000));
CREATE TABLE tc_devices (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(128) NOT NULL,
  uniqueid varchar(128) NOT NULL UNIQUE, lastupdate timestamp NULL, positionid int,
  attributes varchar(4000));
CREATE TABLE tc_positions (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, protocol varchar(128),
  deviceid int NOT NULL, servertime timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  latitude double NOT NULL, longitude double NOT NULL, address varchar(512),
  FOREIGN KEY (deviceid) REFERENCES tc_devices (id) ON DELETE CASCADE);
CREATE TABLE tc_events (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, type varchar(128) NOT NULL,
  eventtime timestamp NULL, deviceid int, positionid bigint, attributes varchar(4000));
CREATE TABLE tc_user_device (userid int NOT NULL, deviceid int NOT NULL,
  FOREIGN KEY (userid) REFERENCES tc_users (id) ON DELETE CASCADE,
  FOREIGN KEY (deviceid) REFERENCES tc_devices (id) ON DELETE CASCADE);
INSERT INTO DATABASECHANGELOG VALUES
  ('changelog-4.0-clean', 'author', 'changelog-4.0-clean', '2026-01-01', 1, 'EXECUTED', '8:0');
INSERT INTO DATABASECHANGELOGLOCK VALUES (1, 0, NULL, NULL);
INSERT INTO tc_servers (registration, attributes) VALUES (b'0', '{}');
INSERT INTO tc_users (name, email, hashedpassword, salt, administrator, attributes) VALUES
  ('Ana', 'ana@example.com', REPEAT('a', 48), REPEAT('5', 48), b'1', '{}'),
  ('Błażej', 'blazej@example.com', REPEAT('b', 48), REPEAT('6', 48), b'0', '{"note": "it''s; \\"q\\""}');
INSERT INTO tc_devices (name, uniqueid, attributes) VALUES
  ('Truck 1', '860000000000001', '{}'), ('Truck 2', '860000000000002', '{}'),
  ('Van', '860000000000003', '{}');
INSERT INTO tc_positions (protocol, deviceid, latitude, longitude, address)
  SELECT 'teltonika', 1 + seq % 3, 52 + seq / 10000, 21 + seq / 10000, CONCAT('Street ', seq)
  FROM seq_1_to_3000;
INSERT INTO tc_events (type, deviceid) SELECT 'deviceOnline', 1 + seq % 3 FROM seq_1_to_50;
INSERT INTO tc_user_device SELECT u.id, d.id FROM tc_users u, tc_devices d;
