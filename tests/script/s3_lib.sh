# What the scripts against the real S3 server share: lib.sh, the server's addresses and users, and
# Amazon's command line as a second opinion. Sourced with the program's path as $1 and the server's
# state folder as $2.
server_state=$(readlink -f "${2:?usage: $0 LIFEBOAT S3_STATE_DIR}")
[[ -v place ]] || source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"
if [[ ! -e $server_state/env.sh ]]; then
  echo "no S3 server runs: tests/s3/start.sh $server_state starts one" >&2
  exit 1
fi
source "$server_state/env.sh"
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY AWS_PROFILE AWS_SESSION_TOKEN AWS_CA_BUNDLE
export AWS_DEFAULT_REGION=$S3_REGION AWS_EC2_METADATA_DISABLED=true
export AWS_SHARED_CREDENTIALS_FILE=$place/aws-credentials AWS_CONFIG_FILE=$place/aws-config

# be USER: whose keys the commands that follow have in their environment; nobody: none.
be() {
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
  if [[ $1 == nobody ]]; then return; fi
  local key=S3_${1^^}_KEY secret=S3_${1^^}_SECRET
  export AWS_ACCESS_KEY_ID=${!key} AWS_SECRET_ACCESS_KEY=${!secret}
}
as() (
  be "$1"
  shift
  "$@"
)

s3() { aws --endpoint-url "$S3_ENDPOINT" "$@"; }

# new_bucket NAME [ARG...]: an empty bucket of admin's, kept in $bucket. ARGs go to create-bucket.
new_bucket() {
  bucket=$1
  shift
  as admin s3 s3 rb --force "s3://$bucket" &> /dev/null || true
  as admin s3 s3api create-bucket --bucket "$bucket" "$@" > /dev/null
}

keys_in_bucket() {
  as admin s3 s3api list-objects-v2 --bucket "$bucket" --query 'Contents[].[Key]' --output text
}
uploads_in_progress() {
  as admin s3 s3api list-multipart-uploads --bucket "$bucket" --query 'Uploads[].[Key]' \
    --output text | sed '/^None$/d'
}

# What `--store` takes on a machine without a configuration; keys come from elsewhere.
store_address() { echo "s3://$bucket?endpoint=$S3_ENDPOINT&region=$S3_REGION"; }

# use_bucket USER: lets the lifeboat.yaml of write_config store into $bucket with USER's keys.
use_bucket() {
  local key=S3_${1^^}_KEY secret=S3_${1^^}_SECRET
  sed -i '/^store:/,/^[^ ]/{/^store:/d;/^  /d}' lifeboat.yaml
  cat >> lifeboat.yaml <<TEXT
store:
  s3: {endpoint: $S3_ENDPOINT, region: $S3_REGION, bucket: $bucket,
    access_key: ${!key}, secret_key: ${!secret}}
TEXT
}

# set_policy USER FILE: the user's rights are those of the document, and no others. Without a file
# there are none.
set_policy() {
  if [[ ! -v 2 ]]; then
    as admin s3 iam delete-user-policy --user-name "$1" --policy-name "$1" &> /dev/null || true
    return
  fi
  as admin s3 iam put-user-policy --user-name "$1" --policy-name "$1" \
    --policy-document "file://$2"
}
